import type { SeriesStyle } from "./provider.ts";

/** One set of values of a chart, with the look that tells it apart. */
export interface ChartSeries {
  key: string;
  label: string;
  style: SeriesStyle;
}

/** One place on the x axis and the value of every series there; a missing value is zero. */
export interface ChartPoint {
  x: string;
  values: Readonly<Record<string, number>>;
}

/** A place that deserves a look; the word is printed, so that the mark is not told by colour or shape alone. */
export interface ChartMark {
  x: string;
  label: string;
}

export interface ChartProps {
  /** The name of the chart: "Spend a day by model". */
  label: string;
  /** One sentence with what the chart shows; printed above it. */
  summary: string;
  /** Oldest first, at most 300; the server puts into buckets. */
  points: readonly ChartPoint[];
  series: readonly ChartSeries[];
  kind?: "bars" | "lines";
  /** px. */
  height?: number;
  formatX?: (x: string) => string;
  formatY?: (value: number) => string;
  /** At the axis, where it must differ from `formatY`. */
  formatTick?: (value: number) => string;
  marks?: readonly ChartMark[];
  /** A bar was chosen, by pointer; the table beneath has the same for the keyboard. */
  onSelect?: (x: string) => void;
}
