import { useQuery } from "@tanstack/react-query";
import {
  formatCount,
  formatDuration,
  formatMoney,
  formatMoneyExact,
  formatPercent,
  formatTokens,
  formatTokensExact,
} from "@trunkline/kit/format";
import type { Shapes } from "@/api/client";
import { usageQuery } from "@/api/queries";
import { beforeLabel, type Range } from "@/range/range";
import { change, nano } from "@/text/money";

interface Figure {
  name: string;
  value: string;
  /** Every digit, on hover. */
  exact: string;
  /** Against the time before. */
  against: string | null;
}

function figures(now: Shapes["Sums"], before: Shapes["Sums"] | undefined): Figure[] {
  const tokens = now.prompt_tokens + now.completion_tokens;
  const spent = nano(now.spend);
  const than = (value: number, old: number | undefined): string | null =>
    old === undefined ? null : change(BigInt(value), BigInt(old));
  const earlier = before === undefined ? undefined : before.prompt_tokens + before.completion_tokens;
  return [
    {
      name: "calls",
      value: formatCount(now.calls),
      exact: `${formatCount(now.calls)} calls`,
      against: than(now.calls, before?.calls),
    },
    {
      name: "failed",
      value: formatPercent(now.failed, now.calls),
      exact: `${formatCount(now.failed)} of ${formatCount(now.calls)} calls`,
      against: before === undefined || before.calls === 0 ? null : `was ${formatPercent(before.failed, before.calls)}`,
    },
    {
      name: "tokens",
      value: formatTokens(tokens),
      exact: formatTokensExact(tokens),
      against: than(tokens, earlier),
    },
    {
      name: "spent",
      value: formatMoney(spent),
      exact: formatMoneyExact(spent),
      against: before === undefined ? null : change(spent, nano(before.spend)),
    },
    {
      name: "mean first byte",
      value: formatDuration(now.mean_first_byte_ms),
      exact: `${now.mean_first_byte_ms ?? "unknown"} ms`,
      against: before?.mean_first_byte_ms == null ? null : `was ${formatDuration(before.mean_first_byte_ms)}`,
    },
  ];
}

/** The strip: what the time came to, and against the time before. No tiles. */
export function Totals({ range }: { range: Range }): React.JSX.Element {
  const now = useQuery(usageQuery(range, "provider"));
  const before = useQuery(usageQuery(range, "provider", { back: 1, top: 1 }));
  if (now.data === undefined) return <div className="mt-4 h-12" />;
  return (
    <div className="mt-4 border-y border-line py-3">
      <dl className="m-0 flex flex-wrap gap-x-8 gap-y-2">
        {figures(now.data.total, before.data?.total).map(({ name, value, exact, against }) => (
          <div key={name} className="flex items-baseline gap-1.5">
            <dt className="order-2 text-control text-ink-2">{name}</dt>
            <dd title={exact} className="order-1 m-0 text-lead font-semibold">
              {value}
            </dd>
            {against !== null && <dd className="order-3 m-0 text-ui text-ink-3">{against}</dd>}
          </div>
        ))}
      </dl>
      <p className="m-0 mt-1 text-ui text-ink-3">Compared with {beforeLabel(range)}.</p>
    </div>
  );
}
