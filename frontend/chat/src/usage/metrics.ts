import type { UsageReport } from "@/api/types";
import type { ChartPoint } from "@trunkline/kit/Chart";
import { formatCount, formatMoney, formatTokens } from "@trunkline/kit/format";
import { formatDay } from "@trunkline/kit/time";

type Day = UsageReport["days"][number];

interface Metric {
  label: string;
  /** Heights of bars may be floats; the money of the sentence and the table is written from nano-dollars. */
  value: (day: Day) => number;
  format: (value: number) => string;
  /** At the axis, where it differs. */
  formatTick?: (value: number) => string;
}

/** What the chart can show. Spend is drawn in nano-dollars: whole numbers, exact to 9 million dollars a day. */
export const METRICS = {
  spend: {
    label: "Spend",
    value: (day) => Number(day.cost_nano),
    format: (value) => formatMoney(BigInt(Math.round(value))),
    formatTick: (value) => formatMoney(BigInt(Math.round(value)), { tiny: true }),
  },
  calls: { label: "Calls", value: (day) => day.calls, format: formatCount },
  tokens: { label: "Tokens", value: (day) => day.tokens, format: formatTokens },
} as const satisfies Record<string, Metric>;

type MetricName = keyof typeof METRICS;

/** The metric of an address; spend for anything unknown. */
export function metricOf(name: string | undefined): MetricName {
  return name !== undefined && Object.hasOwn(METRICS, name) ? (name as MetricName) : "spend"; // own key: checked
}

interface ChartData {
  points: ChartPoint[];
  summary: string;
  format: (value: number) => string;
  formatTick: (value: number) => string;
}

/** The days as points, and the sentence that says the same. */
export function chartOf(report: UsageReport, name: MetricName): ChartData {
  const metric: Metric = METRICS[name];
  const points = report.days.map((day) => ({ x: day.day, values: { [name]: metric.value(day) } }));
  const used = report.days.filter((day) => metric.value(day) > 0);
  const most = used.toSorted((a, b) => metric.value(b) - metric.value(a))[0];
  const summary =
    most === undefined
      ? "Nothing in this range."
      : `${used.length} of ${report.days.length} days with use; the most on ${formatDay(most.day)}, ${metric.format(metric.value(most))}.`;
  return { points, summary, format: metric.format, formatTick: metric.formatTick ?? metric.format };
}
