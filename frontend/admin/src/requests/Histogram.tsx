import { useEffect, useMemo, useRef, useState } from "react";
import { ChartTable } from "@trunkline/kit/ChartTable";
import { cx } from "@trunkline/kit/cx";
import { formatCount } from "@trunkline/kit/format";
import { providerColour } from "@trunkline/kit/provider";
import type { Shapes } from "@/api/client";
import { bucketWriter } from "@/chart/write";

const HEIGHT = 56;

interface HistogramProps {
  usage: Shapes["Usage"];
  /** Two instants were brushed, or one bucket chosen. */
  onZoom: (from: string, to: string) => void;
}

interface Bar {
  good: number;
  failed: number;
}

/** Calls and failed calls per bucket, whatever the series are. */
function barsOf({ buckets, series }: Shapes["Usage"]): Bar[] {
  return buckets.map((_, place) => {
    const calls = series.reduce((sum, one) => sum + (one.calls[place] ?? 0), 0);
    const failed = series.reduce((sum, one) => sum + (one.failed[place] ?? 0), 0);
    return { good: calls - failed, failed };
  });
}

/** The width of an element in px, kept up to date. */
function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/** How many requests there were when; dragging over it looks closer. The table beneath does the same by keyboard. */
export function Histogram({ usage, onZoom }: HistogramProps): React.JSX.Element {
  const [box, width] = useWidth();
  const bars = useMemo(() => barsOf(usage), [usage]);
  const write = useMemo(() => bucketWriter(usage), [usage]);
  const [under, setUnder] = useState<number | null>(null);
  const [from, setFrom] = useState<number | null>(null);
  const most = Math.max(1, ...bars.map(({ good, failed }) => good + failed));
  const step = width / Math.max(1, bars.length);
  const endOf = (place: number): string => usage.buckets[place + 1] ?? usage.end;
  const placeAt = (event: React.PointerEvent): number => {
    const left = event.currentTarget.getBoundingClientRect().left;
    return Math.min(bars.length - 1, Math.max(0, Math.floor((event.clientX - left) / Math.max(step, 0.1))));
  };
  const zoom = (first: number, last: number): void => {
    const start = usage.buckets[Math.min(first, last)];
    if (start !== undefined) onZoom(start, endOf(Math.max(first, last)));
  };
  const now = under === null ? undefined : bars[under];
  const at = under === null ? undefined : usage.buckets[under];
  const total = usage.total.calls;
  return (
    <div className="mt-3">
      <div
        ref={box}
        className="relative touch-pan-y"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(placeAt(event));
        }}
        onPointerMove={(event) => setUnder(placeAt(event))}
        onPointerLeave={() => setUnder(null)}
        onPointerCancel={() => setFrom(null)}
        onPointerUp={(event) => {
          if (from !== null) zoom(from, placeAt(event));
          setFrom(null);
        }}
        data-histogram=""
      >
        <svg
          role="img"
          aria-label={`${formatCount(total)} requests, ${formatCount(usage.total.failed)} failed, over time`}
          width={width}
          height={HEIGHT}
          className="block cursor-crosshair select-none"
        >
          <line x1={0} x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--line-strong)" />
          {from !== null && under !== null && (
            <rect
              x={Math.min(from, under) * step}
              width={(Math.abs(under - from) + 1) * step}
              height={HEIGHT}
              fill="var(--accent-soft)"
            />
          )}
          {bars.map(({ good, failed }, place) => {
            const scale = (count: number): number => (count === 0 ? 0 : Math.max(1.5, (count / most) * (HEIGHT - 2)));
            const bad = scale(failed);
            const tall = scale(good);
            const common = { x: place * step, width: Math.max(step - 1, 0.75) };
            return (
              <g key={place} opacity={under === null || under === place || from !== null ? 1 : 0.75}>
                <rect {...common} y={HEIGHT - bad - tall} height={tall} fill="var(--ink-3)" />
                <rect {...common} y={HEIGHT - bad} height={bad} fill="var(--danger)" />
              </g>
            );
          })}
        </svg>
      </div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 text-ui text-ink-3">
        <span className={cx(now !== undefined && "text-ink-2")}>
          {now === undefined || at === undefined
            ? `${formatCount(total)} requests, ${formatCount(usage.total.failed)} failed. Drag to look closer.`
            : `${write(at)}: ${formatCount(now.good + now.failed)} requests, ${formatCount(now.failed)} failed`}
        </span>
        <details className="min-w-0">
          <summary className="w-fit py-1 text-accent">Table</summary>
          <ChartTable
            label="Requests over time"
            points={usage.buckets.map((x, place) => ({
              x,
              values: { good: bars[place]?.good ?? 0, failed: bars[place]?.failed ?? 0 },
            }))}
            series={[
              { key: "good", label: "Answered", style: providerColour(null) },
              { key: "failed", label: "Failed", style: providerColour(null) },
            ]}
            formatX={write}
            onSelect={(x) => zoom(usage.buckets.indexOf(x), usage.buckets.indexOf(x))}
          />
        </details>
      </div>
    </div>
  );
}
