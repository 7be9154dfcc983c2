interface SparklineProps {
  /** Oldest first; evenly spaced. */
  values: readonly number[];
  /** Read out: "Calls a day, 3 to 41, last 12". */
  label: string;
  width?: number;
  height?: number;
}

/** A tiny line of bars without axes, from zero. Says its label to a screen reader. */
export function Sparkline({ values, label, width = 96, height = 20 }: SparklineProps): React.JSX.Element {
  const most = Math.max(...values, 0);
  const step = width / Math.max(values.length, 1);
  return (
    <svg
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      className="block"
    >
      {values.map((value, index) => {
        const tall = most === 0 || value === 0 ? 1 : Math.max((value / most) * height, 1.5);
        return (
          <rect
            key={index}
            x={index * step}
            y={height - tall}
            width={Math.max(step - 1, 0.5)}
            height={tall}
            fill={value === 0 ? "var(--line-strong)" : "var(--series, var(--ink-3))"}
          />
        );
      })}
    </svg>
  );
}
