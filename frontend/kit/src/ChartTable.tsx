import { formatCount } from "./format.ts";
import type { ChartProps } from "./chartTypes.ts";

type ChartTableProps = Pick<ChartProps, "label" | "points" | "series" | "formatX" | "formatY" | "onSelect">;

/** The numbers of a chart as a table: the same data for those who read rather than look. */
export function ChartTable(props: ChartTableProps): React.JSX.Element {
  const { label, points, series, formatX = String, formatY = formatCount, onSelect } = props;
  return (
    <div className="max-h-80 scroll-quiet overflow-auto" tabIndex={0} role="region" aria-label={`${label}, table`}>
      <table className="w-full border-collapse text-ui">
        <thead>
          <tr className="border-b border-line-strong text-left text-ink-3">
            <th scope="col" className="sticky top-0 bg-canvas py-1 pr-4 font-normal">
              When
            </th>
            {series.map((one) => (
              <th key={one.key} scope="col" className="sticky top-0 bg-canvas py-1 pl-4 text-right font-normal">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.x} className="border-b border-line">
              <th scope="row" className="py-1 pr-4 text-left font-normal whitespace-nowrap text-ink-2">
                {onSelect === undefined ? (
                  formatX(point.x)
                ) : (
                  <button type="button" className="text-accent hover:underline" onClick={() => onSelect(point.x)}>
                    {formatX(point.x)}
                  </button>
                )}
              </th>
              {series.map((one) => (
                <td key={one.key} className="py-1 pl-4 text-right whitespace-nowrap">
                  {formatY(point.values[one.key] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
