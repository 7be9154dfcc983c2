import { Link } from "@tanstack/react-router";
import {
  formatCount,
  formatDuration,
  formatMoney,
  formatPercent,
  formatTokens,
  formatTokensExact,
} from "@trunkline/kit/format";
import type { Shapes } from "@/api/client";
import { rangeOnly } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import { BYS, chartSeries, groupFilter, groupName } from "@/chart/series";
import { nano } from "@/text/money";
import { unpriced } from "@/text/words";

type Sums = Shapes["Sums"];

const NUMBER = "py-1.5 pl-4 text-right whitespace-nowrap";

function Numbers({ sums }: { sums: Sums }): React.JSX.Element {
  const tokens = (count: number): React.JSX.Element => (
    <span title={formatTokensExact(count)}>{formatTokens(count)}</span>
  );
  return (
    <>
      <td className={NUMBER}>{formatCount(sums.calls)}</td>
      <td className={`${NUMBER} max-sm:hidden`} title={`${formatCount(sums.failed)} calls`}>
        {formatPercent(sums.failed, sums.calls)}
      </td>
      <td className={`${NUMBER} max-sm:hidden`}>{tokens(sums.prompt_tokens)}</td>
      <td className={`${NUMBER} max-sm:hidden`}>{tokens(sums.completion_tokens)}</td>
      <td className={`${NUMBER} max-md:hidden`}>{tokens(sums.cache_read_tokens)}</td>
      <td className={`${NUMBER} max-md:hidden`}>{formatDuration(sums.mean_duration_ms)}</td>
      <td className={NUMBER} title={`$${sums.spend}`} data-spend={sums.spend}>
        {formatMoney(nano(sums.spend))}
      </td>
    </>
  );
}

/** The totals: everything first, then each group, every one a link into the request log. */
export function TotalsTable({ usage }: { usage: Shapes["Usage"] }): React.JSX.Element {
  const { search } = useAddress();
  const looks = chartSeries(usage);
  const head = "py-1.5 pl-4 text-right font-normal whitespace-nowrap";
  return (
    <table aria-label="Totals" className="mt-8 w-full border-collapse text-ui">
      <thead>
        <tr className="border-b border-line-strong text-ink-3">
          <th scope="col" className="py-1.5 text-left font-normal">
            By {BYS[usage.by]}
          </th>
          <th scope="col" className={head}>
            Calls
          </th>
          <th scope="col" className={`${head} max-sm:hidden`}>
            Failed
          </th>
          <th scope="col" className={`${head} max-sm:hidden`}>
            Tokens in
          </th>
          <th scope="col" className={`${head} max-sm:hidden`}>
            Tokens out
          </th>
          <th scope="col" className={`${head} max-md:hidden`}>
            Cached
          </th>
          <th scope="col" className={`${head} max-md:hidden`}>
            Mean time
          </th>
          <th scope="col" className={head}>
            Spend
          </th>
        </tr>
      </thead>
      <tbody>
        <tr className="border-b border-line font-medium">
          <th scope="row" className="py-1.5 text-left font-medium">
            All
          </th>
          <Numbers sums={usage.total} />
        </tr>
        {usage.series.map(({ name, members, total }, index) => {
          const look = looks[index];
          const filter = groupFilter(name, usage.by);
          const label = groupName(name, members, usage.by);
          return (
            <tr key={look?.key} className="border-b border-line hover:bg-sunken">
              <th scope="row" className="w-1/3 max-w-0 py-1.5 text-left font-normal">
                <span className="flex items-center gap-2">
                  <span aria-hidden="true" data-series={look?.style.series} className="text-series">
                    {look?.style.marker}
                  </span>
                  {filter === null ? (
                    <span className="truncate">{label}</span>
                  ) : (
                    <Link
                      to="/requests"
                      search={{ ...rangeOnly(search), ...filter }}
                      className="truncate no-underline hover:underline"
                    >
                      {label}
                    </Link>
                  )}
                </span>
              </th>
              <Numbers sums={total} />
            </tr>
          );
        })}
      </tbody>
      {usage.total.unpriced_calls > 0 && (
        <caption className="caption-bottom pt-2 text-left text-ink-3">{unpriced(usage.total.unpriced_calls)}</caption>
      )}
    </table>
  );
}
