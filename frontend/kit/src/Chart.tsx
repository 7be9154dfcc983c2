import { lazy, Suspense, useId } from "react";
import { ChartTable } from "./ChartTable.tsx";
import type { ChartProps } from "./chartTypes.ts";

export type { ChartMark, ChartPoint, ChartProps, ChartSeries } from "./chartTypes.ts";

/** The drawing library is 100 KB: it comes only when a chart is on the page. */
const ChartDrawing = lazy(async () => import("./ChartDrawing.tsx"));

function Legend({ series }: Pick<ChartProps, "series">): React.JSX.Element | null {
  if (series.length < 2) return null;
  return (
    <ul className="m-0 mt-2 flex list-none flex-wrap gap-x-4 gap-y-1 p-0 text-ui text-ink-2">
      {series.map(({ key, label, style }) => (
        <li key={key} className="flex items-center gap-1.5">
          <span aria-hidden="true" data-series={style.series} className="text-series">
            {style.marker}
          </span>
          {label}
        </li>
      ))}
    </ul>
  );
}

/** A chart with what it shows in one sentence above and the same numbers as a table beneath. */
export function Chart(props: ChartProps): React.JSX.Element {
  const { label, summary, series, height = 220 } = props;
  const id = useId();
  return (
    <figure aria-labelledby={id} className="m-0">
      <figcaption className="mb-3">
        <span id={id} className="block text-control font-medium text-ink">
          {label}
        </span>
        <span className="block text-control text-ink-2">{summary}</span>
      </figcaption>
      <div style={{ height }} data-chart="">
        <Suspense fallback={null}>
          <ChartDrawing {...props} height={height} />
        </Suspense>
      </div>
      <Legend series={series} />
      <details className="mt-2 text-ui text-ink-2">
        <summary className="w-fit py-1 text-accent">Table of the same numbers</summary>
        <ChartTable {...props} />
      </details>
    </figure>
  );
}
