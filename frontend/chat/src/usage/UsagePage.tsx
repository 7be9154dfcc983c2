import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { settingsQuery } from "@/api/settings";
import type { UsageReport } from "@/api/types";
import { usageQuery } from "@/api/usage";
import { PageError } from "@/errors/PageError";
import { Chart } from "@trunkline/kit/Chart";
import { EmptyState } from "@trunkline/kit/EmptyState";
import { formatCount, formatMoney, formatPercent, formatTokens, formatTokensExact } from "@trunkline/kit/format";
import { providerColour } from "@trunkline/kit/provider";
import { Select } from "@trunkline/kit/Select";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { formatDay, localZone } from "@trunkline/kit/time";
import { chartOf, METRICS, metricOf } from "./metrics";
import { UsageTable } from "./UsageTable";

const RANGES = [7, 30, 90] as const;
const DEFAULT_DAYS = 30;

/** The totals of the range in one line: no tiles. */
function Strip({ report }: { report: UsageReport }): React.JSX.Element {
  const { calls, failed, input, output, cost_nano: cost } = report.totals;
  return (
    <p className="m-0 text-lead text-ink">
      <span className="font-semibold">{formatMoney(cost)}</span>
      <span className="text-ink-2">
        {" "}
        for {formatCount(calls)} {calls === 1 ? "call" : "calls"} · {formatPercent(failed, calls)} failed ·{" "}
        <span title={formatTokensExact(input)}>{formatTokens(input)} in</span> ·{" "}
        <span title={formatTokensExact(output)}>{formatTokens(output)} out</span>
      </span>
    </p>
  );
}

function Report({ report, metric, onMetric }: ReportProps): React.JSX.Element {
  const { points, summary, format, formatTick } = chartOf(report, metric);
  const { label } = METRICS[metric];
  const series = [{ key: metric, label, style: { ...providerColour("google"), colour: "var(--accent)" } }];
  return (
    <>
      <Strip report={report} />
      <div>
        <Select
          label="Measure"
          labelHidden
          className="mb-2 w-40"
          value={metric}
          options={Object.entries(METRICS).map(([value, one]) => ({ value, label: one.label }))}
          onChange={(value) => onMetric(metricOf(value))}
        />
        <Chart
          label={`${label} a day`}
          summary={summary}
          points={points}
          series={series}
          formatX={(day) => formatDay(day)}
          formatY={format}
          formatTick={formatTick}
        />
      </div>
      <UsageTable report={report} />
    </>
  );
}

/** "26 Oct to 24 Nov · ": the first and the last day that are counted. */
function rangeOf(report: UsageReport | undefined): string {
  const [first, last] = [report?.days[0], report?.days.at(-1)];
  return first === undefined || last === undefined ? "" : `${formatDay(first.day)} to ${formatDay(last.day)} · `;
}

interface ReportProps {
  report: UsageReport;
  metric: keyof typeof METRICS;
  onMetric: (metric: keyof typeof METRICS) => void;
}

/** `/usage`: what a person spent, by day and by model, in the days of their own zone. */
export function UsagePage(): React.JSX.Element {
  const search = useSearch({ from: "/shell/usage" });
  const navigate = useNavigate();
  const { data: settings } = useQuery(settingsQuery);
  const zone = settings?.zone ?? localZone();
  const days = RANGES.find((range) => range === search.days) ?? DEFAULT_DAYS;
  const metric = metricOf(search.by);
  const { data: report, error, refetch } = useQuery({ ...usageQuery(days, zone), placeholderData: (old) => old });
  const change = (changes: { days?: number; by?: string }): void => {
    void navigate({ to: "/usage", search: { ...search, ...changes }, replace: true });
  };
  return (
    <div className="min-h-0 flex-1 scroll-quiet overflow-y-auto">
      <div className="mx-auto flex max-w-4xl flex-col gap-6 px-4 py-6">
        <header className="flex flex-wrap items-end gap-x-6 gap-y-2">
          <div className="flex-1">
            <h1 className="m-0 text-title font-semibold">Usage</h1>
            <p className="m-0 text-ui text-ink-3">
              {rangeOf(report)}days in {zone}
            </p>
          </div>
          <div role="group" aria-label="Range" className="flex gap-3">
            {RANGES.map((range) => (
              <button
                key={range}
                type="button"
                aria-pressed={range === days}
                className="h-8 border-b-2 border-transparent text-control text-ink-3 hover:text-ink aria-pressed:border-accent aria-pressed:text-ink coarse:h-11"
                onClick={() => change({ days: range })}
              >
                {range} days
              </button>
            ))}
          </div>
        </header>
        {report === undefined &&
          (error === null ? <Skeleton lines={6} /> : <PageError error={error} onRetry={() => void refetch()} />)}
        {report !== undefined && report.totals.calls === 0 && (
          <EmptyState title={`No calls in the last ${days} days`}>
            Every answer you get is counted here, with what it cost.
          </EmptyState>
        )}
        {report !== undefined && report.totals.calls > 0 && (
          <Report report={report} metric={metric} onMetric={(by) => change({ by })} />
        )}
      </div>
    </div>
  );
}
