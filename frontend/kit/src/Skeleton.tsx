import { useEffect, useState } from "react";
import { cx } from "./cx.ts";

interface SkeletonProps {
  /** How many lines of text are expected. */
  lines?: number;
  /** What is loading: read out. */
  label?: string;
  className?: string;
}

const WIDTHS = ["w-full", "w-11/12", "w-4/5", "w-full", "w-2/3"];

/** Where text will be. Shows nothing for 150 ms, so that what is quick does not flash. */
export function Skeleton({ lines = 3, label = "Loading", className }: SkeletonProps): React.JSX.Element | null {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div role="status" aria-label={label} className={cx("flex flex-col gap-3", className)}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className={cx("block h-3 bg-sunken", WIDTHS[index % WIDTHS.length])} />
      ))}
    </div>
  );
}
