import { useMemo } from "react";
import { Chart, type ChartMark } from "@trunkline/kit/Chart";
import { formatCount, formatMoney, formatTokens } from "@trunkline/kit/format";
import type { Shapes } from "@/api/client";
import { BYS, chartPoints, chartSeries, METRICS, totalOf, type Metric } from "./series";
import { bucketWriter, tickWriter, writer } from "./write";

interface UsageChartProps {
  usage: Shapes["Usage"];
  metric: Metric;
  cumulative?: boolean;
  height?: number;
  marks?: readonly ChartMark[];
  /** A bucket was chosen: its two ends. */
  onSelect?: (from: string, to: string) => void;
}

const PER = { "15m": "a quarter of an hour", hour: "an hour", day: "a day" } as const;

function written(amount: bigint, metric: Metric): string {
  if (metric === "spend") return formatMoney(amount);
  return metric === "tokens"
    ? `${formatTokens(Number(amount))} tokens`
    : `${formatCount(amount)} ${metric === "failed" ? "failed" : "calls"}`;
}

/** One sentence: what it comes to, and who has the largest part. */
function summary(usage: Shapes["Usage"], metric: Metric, labels: readonly string[]): string {
  const total = totalOf(usage.total, metric);
  if (total === 0n) return metric === "spend" ? "Nothing was spent." : "There were none.";
  const parts = usage.series.map((one, index) => ({
    amount: totalOf(one.total, metric),
    label: labels[index] ?? "",
  }));
  const most = parts.reduce((a, b) => (b.amount > a.amount ? b : a), { amount: 0n, label: "" });
  const share =
    parts.length > 1 ? `, most by ${most.label} (${written(most.amount, metric)})` : `, all by ${most.label}`;
  return `${written(total, metric)} in all${share}.`;
}

/** Usage over time in stacked bars, with a sentence above and the same numbers as a table beneath. */
export function UsageChart(props: UsageChartProps): React.JSX.Element {
  const { usage, metric, cumulative = false, height = 220, marks = [], onSelect } = props;
  const series = useMemo(() => chartSeries(usage), [usage]);
  const points = useMemo(() => chartPoints(usage, metric, cumulative), [usage, metric, cumulative]);
  const formatX = useMemo(() => bucketWriter(usage), [usage]);
  const formatY = useMemo(() => writer(metric), [metric]);
  const formatTick = useMemo(() => tickWriter(metric), [metric]);
  const per = cumulative ? "summed up" : PER[usage.bucket];
  return (
    <Chart
      label={`${METRICS[metric]} ${per}, by ${BYS[usage.by]}`}
      summary={summary(
        usage,
        metric,
        series.map(({ label }) => label),
      )}
      points={points}
      series={series}
      kind="bars"
      height={height}
      marks={marks}
      formatX={formatX}
      formatY={formatY}
      formatTick={formatTick}
      {...(onSelect === undefined
        ? {}
        : {
            onSelect: (x: string) => {
              const next = usage.buckets[usage.buckets.indexOf(x) + 1] ?? usage.end;
              onSelect(x, next);
            },
          })}
    />
  );
}
