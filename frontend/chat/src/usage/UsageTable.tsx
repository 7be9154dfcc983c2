import { useMemo, useState } from "react";
import type { UsageReport } from "@/api/types";
import { DataTable, type Column, type Sort } from "@trunkline/kit/DataTable";
import {
  formatCount,
  formatDuration,
  formatMoney,
  formatMoneyExact,
  formatTokens,
  formatTokensExact,
} from "@trunkline/kit/format";

type ModelUse = UsageReport["models"][number];

const COLUMNS: readonly Column<ModelUse>[] = [
  {
    id: "model",
    header: "Model",
    width: "minmax(10rem, 2fr)",
    sortable: true,
    cell: (row) => (
      <>
        <span className="font-medium">{row.model}</span> <span className="text-ink-3">{row.provider}</span>
      </>
    ),
  },
  {
    id: "calls",
    header: "Calls",
    width: "5rem",
    align: "right",
    sortable: true,
    cell: (row) => formatCount(row.calls),
  },
  {
    id: "input",
    header: "In",
    width: "5rem",
    align: "right",
    sortable: true,
    wideOnly: true,
    cell: (row) => <span title={formatTokensExact(row.input)}>{formatTokens(row.input)}</span>,
  },
  {
    id: "output",
    header: "Out",
    width: "5rem",
    align: "right",
    sortable: true,
    wideOnly: true,
    cell: (row) => <span title={formatTokensExact(row.output)}>{formatTokens(row.output)}</span>,
  },
  {
    id: "first",
    header: "First word",
    width: "6.5rem",
    align: "right",
    wideOnly: true,
    cell: (row) => formatDuration(row.first_word_ms),
  },
  {
    id: "cost",
    header: "Cost",
    width: "6.5rem",
    align: "right",
    sortable: true,
    cell: (row) => <span title={formatMoneyExact(row.cost_nano)}>{formatMoney(row.cost_nano)}</span>,
  },
];

/** Whole amounts are compared as BigInt: two that differ by one nano-dollar keep their order. */
function compare(a: ModelUse, b: ModelUse, column: string): number {
  switch (column) {
    case "model":
      return a.model.localeCompare(b.model);
    case "calls":
      return a.calls - b.calls;
    case "input":
      return a.input - b.input;
    case "output":
      return a.output - b.output;
    default: {
      const difference = BigInt(a.cost_nano) - BigInt(b.cost_nano);
      return difference > 0n ? 1 : difference < 0n ? -1 : 0;
    }
  }
}

/** What each model was used for and cost; dearest first. */
export function UsageTable({ report }: { report: UsageReport }): React.JSX.Element {
  const [sort, setSort] = useState<Sort>({ column: "cost", descending: true });
  const rows = useMemo(
    () => report.models.toSorted((a, b) => compare(a, b, sort.column) * (sort.descending ? -1 : 1)),
    [report.models, sort],
  );
  return (
    <section aria-labelledby="by-model">
      <h2 id="by-model" className="mt-0 mb-1 text-control font-semibold">
        By model
      </h2>
      <DataTable
        label="Usage by model"
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => `${row.provider ?? ""}/${row.model}`}
        sort={sort}
        onSort={setSort}
        line={(row) => ({ provider: row.provider })}
      />
    </section>
  );
}
