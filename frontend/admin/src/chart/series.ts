import { assignSeries, type SeriesStyle } from "@trunkline/kit/provider";
import type { ChartPoint, ChartSeries } from "@trunkline/kit/Chart";
import type { Shapes } from "@/api/client";
import type { By } from "@/api/queries";
import { nano, pico } from "@/text/money";
import { visible } from "@/text/visible";

/** What is counted: money in nano-dollars, calls, failed calls, or tokens. */
export type Metric = "spend" | "calls" | "failed" | "tokens";

export const METRICS: Record<Metric, string> = {
  spend: "Spend",
  calls: "Calls",
  failed: "Failed calls",
  tokens: "Tokens",
};

export const BYS: Record<By, string> = {
  provider: "provider",
  model: "model",
  model_group: "name asked for",
  api_key: "key",
  status: "outcome",
};

const OTHER: SeriesStyle = { series: "other", colour: "var(--series-other)", dash: "1 1", marker: "×" };
const KEY_SHOWN = 8;
const LABEL_SHOWN = 32;

/** The start of the hash of a key: enough to tell keys apart. */
export function keyName(hash: string): string {
  return hash === "" ? "no key" : `key ${visible(hash.slice(0, KEY_SHOWN))}`;
}

/** What a group is called: a stranger's text with everything invisible made visible. */
export function groupName(name: string | null, members: number, by: By): string {
  if (name === null) return `Other (${members})`;
  if (by === "api_key") return keyName(name);
  return name === "" ? `no ${BYS[by]}` : visible(name);
}

/** The parameter of the request log that a group becomes; none for what is folded together. */
export function groupFilter(name: string | null, by: By): Record<string, string> | null {
  if (name === null || name === "") return null;
  const parameter = {
    provider: "provider",
    model: "model",
    model_group: "model",
    api_key: "key",
    status: "status",
  } as const;
  return { [parameter[by]]: name };
}

/** A legend has no room for what somebody makes a name of 2,000 characters; the table of totals has it whole. */
function short(label: string): string {
  return label.length <= LABEL_SHOWN ? label : `${label.slice(0, LABEL_SHOWN)}…`;
}

/** The series of a chart, with a colour, a dash and a marker each. */
export function chartSeries({ series, by }: Shapes["Usage"]): ChartSeries[] {
  const styles = assignSeries(series.flatMap(({ name }) => (name === null ? [] : [name])));
  return series.map(({ name, members }, index) => ({
    key: String(index),
    label: short(groupName(name, members, by)),
    style: (name === null ? undefined : styles.get(name)) ?? OTHER,
  }));
}

/** Each bucket's value of each series; summed up from the first bucket on where `cumulative`. */
export function chartPoints(usage: Shapes["Usage"], metric: Metric, cumulative = false): ChartPoint[] {
  const sums = usage.series.map(() => 0n);
  return usage.buckets.map((x, place) => ({
    x,
    values: Object.fromEntries(
      usage.series.map((one, index) => {
        const value = metric === "spend" ? pico(one.spend[place] ?? "0") : BigInt(one[metric][place] ?? 0);
        const sum = cumulative ? (sums[index] ?? 0n) + value : value;
        sums[index] = sum;
        // Only the height of a bar and the text of a hint are made from it: what is added up was exact.
        return [String(index), metric === "spend" ? Number(sum) / 1_000 : Number(sum)];
      }),
    ),
  }));
}

/** The total of one metric, exact: nano-dollars or a count. */
export function totalOf(sums: Shapes["Sums"], metric: Metric): bigint {
  switch (metric) {
    case "spend":
      return nano(sums.spend);
    case "tokens":
      return BigInt(sums.prompt_tokens + sums.completion_tokens);
    case "calls":
    case "failed":
      return BigInt(sums[metric]);
  }
}
