import { useEffect, useState } from "react";

/**
 * Whole seconds until an instant (milliseconds of the browser's clock), counting down; null without one. Calls `done`
 * once when it is reached.
 */
export function useCountdown(until: number | null, done: () => void): number | null {
  const [now, setNow] = useState(() => Date.now());
  const left = until === null ? null : Math.max(Math.ceil((until - now) / 1_000), 0);
  useEffect(() => {
    if (left === null || left === 0) return;
    const timer = setTimeout(() => setNow(Date.now()), 250);
    return () => clearTimeout(timer);
  }, [left, now]);
  const reached = left === 0;
  useEffect(() => {
    if (reached) done();
    // Only reaching the instant counts; a new `done` is no reason to call it again.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [reached]);
  return left;
}
