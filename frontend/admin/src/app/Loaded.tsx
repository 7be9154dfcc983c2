import type { UseQueryResult } from "@tanstack/react-query";
import { ErrorCard } from "@trunkline/kit/ErrorCard";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { ApiError } from "@/api/client";

interface LoadedProps<Data> {
  query: UseQueryResult<Data>;
  /** Read out while there is nothing yet. */
  label: string;
  lines?: number;
  children: (data: Data) => React.ReactNode;
}

function codeOf(error: Error): string {
  if (!(error instanceof ApiError) || error.status === 0) return "gateway_down";
  return error.status === 503 ? "ledger_down" : "invalid";
}

/** What a query brought; the last of it stays while newer is asked for, also when that fails. */
export function Loaded<Data>({ query, label, lines = 4, children }: LoadedProps<Data>): React.JSX.Element {
  const { data, error } = query;
  return (
    <>
      {error !== null && (
        <ErrorCard
          code={codeOf(error)}
          tone={data === undefined ? "danger" : "warning"}
          message={error.message}
          fix={data === undefined ? null : "What you see is from before."}
          actions={[{ label: "Ask again", onSelect: () => void query.refetch() }]}
          className="mb-4"
        />
      )}
      {data === undefined && error === null && <Skeleton label={label} lines={lines} />}
      {data !== undefined && children(data)}
    </>
  );
}
