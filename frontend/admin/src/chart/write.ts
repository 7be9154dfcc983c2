import { formatCount, formatMoney, formatTokens } from "@trunkline/kit/format";
import { formatClock, formatDay } from "@trunkline/kit/time";
import type { Shapes } from "@/api/client";
import type { Metric } from "./series";

/** A value of a chart as text. Money is a number of nano-dollars there, good for reading and not for adding up. */
export function writer(metric: Metric): (value: number) => string {
  switch (metric) {
    case "spend":
      return (value) => formatMoney(BigInt(Math.round(value)));
    case "tokens":
      return (value) => formatTokens(Math.round(value));
    case "calls":
    case "failed":
      return (value) => formatCount(Math.round(value));
  }
}

/** The same at the axis, where a tiny sum is written out. */
export function tickWriter(metric: Metric): (value: number) => string {
  return metric === "spend" ? (value) => formatMoney(BigInt(Math.round(value)), { tiny: true }) : writer(metric);
}

/** A bucket's start as text, in the zone of the answer: a day, or a time with its day where there are several. */
export function bucketWriter({ bucket, zone, start, end }: Pick<Shapes["Usage"], "bucket" | "zone" | "start" | "end">) {
  const oneDay = Date.parse(end) - Date.parse(start) <= 26 * 3_600_000;
  return (x: string): string => {
    if (bucket === "day") return formatDay(new Date(x), zone);
    const clock = formatClock(x, { zone });
    return oneDay ? clock : `${formatDay(new Date(x), zone)} ${clock}`;
  };
}
