import { memo, useMemo } from "react";
import {
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { ChartProps, ChartSeries } from "./chartTypes.ts";
import { formatCount } from "./format.ts";

const TICK = { fill: "var(--ink-3)", fontSize: 12 } as const;

type Row = Record<string, number | string>;

/** The shape drawn for one series: a part of a stacked bar, or a line with its dash. */
function drawing({ key, label, style }: ChartSeries, kind: "bars" | "lines"): React.JSX.Element {
  const common = { dataKey: key, name: label, isAnimationActive: false } as const;
  return kind === "bars" ? (
    <Bar
      key={key}
      {...common}
      stackId="all"
      fill={style.colour}
      stroke="var(--canvas)"
      strokeWidth={1}
      maxBarSize={32}
    />
  ) : (
    <Line
      key={key}
      {...common}
      type="linear"
      stroke={style.colour}
      strokeWidth={2}
      strokeDasharray={style.dash}
      dot={false}
      activeDot={{ r: 3 }}
    />
  );
}

interface HintRow {
  dataKey?: unknown;
  name?: unknown;
  value?: unknown;
}

interface HintProps {
  active?: boolean;
  label?: unknown;
  payload?: readonly HintRow[];
  formatX: (x: string) => string;
  formatY: (value: number) => string;
}

/** The values at the place under the pointer, largest first; what is zero is left out. */
function Hint({ active, label, payload, formatX, formatY }: HintProps): React.JSX.Element | null {
  if (active !== true || payload === undefined) return null;
  const rows = payload.filter((row) => typeof row.value === "number" && row.value > 0);
  return (
    <div className="rounded-overlay border border-line bg-raised px-2 py-1 text-ui text-ink shadow-overlay">
      <div className="text-ink-3">{formatX(String(label))}</div>
      {rows
        .toSorted((a, b) => Number(b.value) - Number(a.value))
        .map((row) => (
          <div key={String(row.dataKey)} className="flex justify-between gap-4">
            <span>{String(row.name)}</span>
            <span>{formatY(Number(row.value))}</span>
          </div>
        ))}
      {rows.length === 0 && <div>none</div>}
    </div>
  );
}

/** The chart itself, drawn by Recharts as SVG: at most 300 points, no animation. */
function ChartDrawing(props: ChartProps): React.JSX.Element {
  const { label, points, series, kind = "bars", marks = [], onSelect } = props;
  const { formatX = String, formatY = formatCount, formatTick = formatY } = props;
  const rows = useMemo<Row[]>(() => points.map(({ x, values }) => ({ ...values, x })), [points]);
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height: 220 }}>
      <ComposedChart
        data={rows}
        accessibilityLayer
        title={label}
        margin={{ top: 16, right: 8, bottom: 0, left: 0 }}
        onClick={({ activeLabel }) => {
          if (activeLabel !== undefined) onSelect?.(String(activeLabel));
        }}
      >
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="x"
          tickFormatter={formatX}
          tick={TICK}
          tickLine={false}
          axisLine={{ stroke: "var(--line-strong)" }}
          minTickGap={24}
        />
        <YAxis tickFormatter={formatTick} tick={TICK} tickLine={false} axisLine={false} width={72} tickCount={4} />
        <Tooltip
          isAnimationActive={false}
          cursor={{ fill: "var(--sunken)", stroke: "var(--line)" }}
          content={<Hint formatX={formatX} formatY={formatY} />}
        />
        {series.map((one) => drawing(one, kind))}
        {marks.map((mark) => (
          <ReferenceLine
            key={mark.x}
            x={mark.x}
            stroke="var(--warn)"
            strokeDasharray="3 3"
            label={{ value: `▲ ${mark.label}`, position: "top", fill: "var(--warn)", fontSize: 12 }}
          />
        ))}
      </ComposedChart>
    </ResponsiveContainer>
  );
}

export default memo(ChartDrawing);
