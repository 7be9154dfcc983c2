import type { Column } from "@trunkline/kit/DataTable";
import { formatDuration, formatMoney, formatMoneyExact, formatTokens, formatTokensExact } from "@trunkline/kit/format";
import { formatClock, formatDay } from "@trunkline/kit/time";
import { Time } from "@trunkline/kit/Time";
import type { Shapes } from "@/api/client";
import { keyName } from "@/chart/series";
import { nanoOrNull } from "@/text/money";
import { visible } from "@/text/visible";
import { kindWord } from "./kinds";

type Row = Shapes["RequestRow"];

function Status({ row }: { row: Row }): React.JSX.Element {
  if (row.kind === null) return <span className="text-ink-2">{row.http_status}</span>;
  return (
    <span className="text-danger">
      ✕ {row.http_status === 0 ? "" : row.http_status} {kindWord(row.kind)}
    </span>
  );
}

function Cost({ row }: { row: Row }): React.JSX.Element {
  const cost = nanoOrNull(row.spend);
  return (
    <span title={formatMoneyExact(cost)} className={cost === null ? "text-ink-3" : undefined}>
      {formatMoney(cost, { settled: !row.estimated })}
    </span>
  );
}

/** The columns of the log; the day is shown where the list goes over more than one. */
export function columnsOf(zone: string, oneDay: boolean): readonly Column<Row>[] {
  return [
    {
      id: "time",
      header: "Time",
      width: oneDay ? "minmax(5rem, 0.7fr)" : "minmax(8rem, 0.8fr)",
      cell: (row) => (
        <Time at={row.start_time} zone={zone}>
          {oneDay ? "" : `${formatDay(new Date(row.start_time), zone)} `}
          {formatClock(row.start_time, { zone, seconds: true })}
        </Time>
      ),
    },
    { id: "status", header: "Status", width: "minmax(4.5rem, 1.2fr)", cell: (row) => <Status row={row} /> },
    {
      id: "model",
      header: "Model",
      width: "minmax(5.5rem, 1.6fr)",
      cell: (row) => <span title={visible(row.model)}>{visible(row.model_group)}</span>,
    },
    { id: "provider", header: "Provider", wideOnly: true, cell: (row) => visible(row.provider) },
    { id: "key", header: "Key", wideOnly: true, cell: (row) => keyName(row.api_key) },
    {
      id: "tokens",
      header: "Tokens",
      align: "right",
      wideOnly: true,
      cell: (row) => (
        <span title={`${formatTokensExact(row.prompt_tokens)} in, ${formatTokensExact(row.completion_tokens)} out`}>
          {formatTokens(row.prompt_tokens)} / {formatTokens(row.completion_tokens)}
        </span>
      ),
    },
    {
      id: "duration",
      header: "Took",
      align: "right",
      width: "minmax(4rem, 0.6fr)",
      wideOnly: true,
      cell: (row) => formatDuration(row.duration_ms),
    },
    {
      id: "cost",
      header: "Cost",
      align: "right",
      width: "minmax(5.5rem, 0.7fr)",
      cell: (row) => <Cost row={row} />,
    },
  ];
}

/** Columns that make room for the panel. */
export const BEHIND_PANEL: ReadonlySet<string> = new Set(["provider", "key", "tokens"]);
