import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Button } from "@trunkline/kit/Button";
import { DataTable } from "@trunkline/kit/DataTable";
import { EmptyState } from "@trunkline/kit/EmptyState";
import { ErrorCard } from "@trunkline/kit/ErrorCard";
import { useHotkeys } from "@trunkline/kit/hotkeys";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { dayKey } from "@trunkline/kit/time";
import type { Shapes } from "@/api/client";
import { requestsQuery, usageQuery, type Narrowed, type RequestFilter } from "@/api/queries";
import { useLetters } from "@/app/letters";
import type { Search } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import { RangeBar } from "@/range/RangeBar";
import { BEHIND_PANEL, columnsOf } from "./columns";
import { FILTERS, filterText } from "./filter";
import { FilterLine } from "./FilterLine";
import { Histogram } from "./Histogram";
import { RequestPanel } from "./RequestPanel";

type Row = Shapes["RequestRow"];

function filterIn(search: Search): RequestFilter {
  return Object.fromEntries(FILTERS.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])));
}

/** The part of a filter that the sums know; they tell success from failure only. */
function forSums({ model, provider, key, status, kind }: RequestFilter): Narrowed {
  const outcome = status === undefined && kind === undefined ? "" : (/^(success|2)/.exec(status ?? "") ?? [])[1];
  const word = outcome === "" ? "" : outcome === undefined ? "failure" : "success";
  return { model: model ?? "", provider: provider ?? "", key: key ?? "", status: word };
}

const keyOf = (row: Row): string => row.request_id;
const lineOf = (row: Row) => ({
  provider: row.provider,
  state: row.kind === null ? ("ok" as const) : ("failed" as const),
});

/** The request log: filters in the address, a histogram to brush, a panel for one, J and K through the list. */
export function RequestsPage(): React.JSX.Element {
  const { search, range, change } = useAddress();
  const [letters] = useLetters();
  const filter = useMemo(() => filterIn(search), [search]);
  const live = search.live === "on";
  const query = useInfiniteQuery(requestsQuery(range, filter, live));
  const usage = useQuery(usageQuery(range, "status", { only: forSums(filter) }));
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.requests) ?? [], [query.data]);
  const open = search.r ?? null;
  const place = open === null ? -1 : rows.findIndex((row) => row.request_id === open);
  const show = (row: Row | undefined): void => {
    if (row !== undefined) change({ r: row.request_id }, { replace: open !== null });
  };
  const next = rows[place + 1];
  const before = place > 0 ? rows[place - 1] : undefined;
  const close = (): void => change({ r: undefined });
  useHotkeys(
    {
      j: () => show(next),
      k: () => show(before),
      l: () => change({ live: live ? undefined : "on" }),
      Escape: () => {
        if (open !== null) close();
      },
    },
    { letters },
  );
  const columns = useMemo(() => {
    const days = new Set(
      [rows[0], rows.at(-1)].flatMap((row) => (row === undefined ? [] : [dayKey(row.start_time, range.zone)])),
    );
    return columnsOf(range.zone, days.size < 2);
  }, [rows, range.zone]);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const onEnd = (): void => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  };
  const cleared = Object.fromEntries(FILTERS.map((name) => [name, undefined]));
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h1 className="m-0 text-head font-semibold">Requests</h1>
        <RangeBar />
      </div>
      <div className="mt-3 flex flex-wrap items-start gap-2">
        <FilterLine filter={filter} onChange={(found) => change({ ...cleared, ...found, r: undefined })} />
        <Button
          aria-pressed={live}
          onClick={() => change({ live: live ? undefined : "on" })}
          className="aria-pressed:border-accent aria-pressed:bg-accent-soft"
        >
          Live
        </Button>
      </div>
      {usage.data !== undefined && filter.id === undefined && (
        <Histogram usage={usage.data} onZoom={(from, to) => change({ from, to, r: undefined })} />
      )}
      {query.error !== null && (
        <ErrorCard
          code="requests"
          message={query.error.message}
          actions={[{ label: "Ask again", onSelect: () => void query.refetch() }]}
          className="mt-3"
        />
      )}
      <div className="mt-2 flex min-h-0">
        <div className="min-w-0 flex-1">
          {query.data === undefined && query.error === null ? (
            <Skeleton label="Requests" lines={8} />
          ) : (
            <DataTable
              label="Requests"
              columns={columns}
              rows={rows}
              rowKey={keyOf}
              line={lineOf}
              onOpen={show}
              onEnd={onEnd}
              selected={open}
              {...(open === null ? {} : { hidden: BEHIND_PANEL })}
              className="max-h-[calc(100dvh-13rem)] min-h-40 overflow-y-auto"
              empty={<Nothing filtered={filterText(filter) !== ""} onClear={() => change(cleared)} />}
            />
          )}
        </div>
        {open !== null && (
          <RequestPanel
            key={open}
            id={open}
            zone={range.zone}
            onClose={close}
            onNext={next === undefined ? undefined : () => show(next)}
            onBefore={before === undefined ? undefined : () => show(before)}
          />
        )}
      </div>
    </>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }): React.JSX.Element {
  return filtered ? (
    <EmptyState title="No request fits." actions={<Button onClick={onClear}>Clear the filter</Button>}>
      Take a longer time, or less of a filter. An id is looked for whatever the time.
    </EmptyState>
  ) : (
    <EmptyState title="No requests in this time.">
      A request is here about a second after its end. Send one, or take a longer time.
    </EmptyState>
  );
}
