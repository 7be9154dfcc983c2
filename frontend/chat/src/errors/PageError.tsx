import { ErrorCard } from "@trunkline/kit/ErrorCard";
import { Words } from "@trunkline/kit/Words";
import { toErrorBody } from "@/api/errors";
import { fixOf, kindOf, messageOf } from "./words";

interface PageErrorProps {
  /** Whatever was thrown. */
  error: unknown;
  onRetry?: () => void;
}

/** A page or a part of it that could not be loaded, with the way to try again. */
export function PageError({ error, onRetry }: PageErrorProps): React.JSX.Element {
  const body = toErrorBody(error);
  return (
    <ErrorCard
      code={body.code}
      tone={kindOf(body.code).tone}
      message={<Words>{messageOf(body)}</Words>}
      fix={<Words>{fixOf(body) ?? ""}</Words>}
      actions={onRetry === undefined ? [] : [{ label: "Try again", onSelect: onRetry }]}
    />
  );
}
