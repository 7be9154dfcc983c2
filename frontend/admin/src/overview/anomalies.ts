import type { ChartMark } from "@trunkline/kit/Chart";
import type { Shapes } from "@/api/client";
import { keyName } from "@/chart/series";
import { boundsOf, type Range } from "@/range/range";
import { pico } from "@/text/money";
import { visible } from "@/text/visible";

type Anomaly = Shapes["Anomaly"];

const HOUR_MS = 3_600_000;
const NAME_SHOWN = 16;

/** Those that fall into a range, the newest first. */
export function anomaliesIn(range: Range, all: readonly Anomaly[]): Anomaly[] {
  const { from, to } = boundsOf(range);
  return all.filter(
    ({ opened, last_hour }) =>
      Date.parse(last_hour) + HOUR_MS > Date.parse(from) && Date.parse(opened) < Date.parse(to),
  );
}

/** Whose spending it is. */
export function anomalyName({ scope, name }: Anomaly): string {
  return scope === "key" ? keyName(name) : visible(name);
}

/** "12 × usual"; without a usual there is nothing to divide by. */
export function timesUsual({ spend, usual, direction }: Anomaly): string {
  const [now, then] = [pico(spend), pico(usual)];
  if (direction === "low") return "less than usual";
  return then === 0n || now / then < 2n ? "more than usual" : `${now / then} × usual`;
}

/** The requests behind it: the parameters of the log. */
export function anomalyFilter({ scope, name, opened, last_hour }: Anomaly): Record<string, string> {
  const end = new Date(Date.parse(last_hour) + HOUR_MS).toISOString();
  return { from: new Date(opened).toISOString(), to: end, [scope === "key" ? "key" : "model"]: name };
}

/** A mark on the bucket in which each began. */
export function anomalyMarks(found: readonly Anomaly[], buckets: readonly string[]): ChartMark[] {
  return found.flatMap((anomaly) => {
    const x = buckets.findLast((start) => Date.parse(start) <= Date.parse(anomaly.opened));
    const label = `${anomalyName(anomaly).slice(0, NAME_SHOWN)} ${timesUsual(anomaly)}`;
    return x === undefined ? [] : [{ x, label }];
  });
}
