import { useEffect, useState } from "react";
import { isRunning, type AnswerState } from "@/runs/answerState";

/** Whole seconds since an instant, ticking while `running`. */
function useElapsed(since: number, running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [running]);
  return Math.max(Math.floor((now - since) / 1_000), 0);
}

const ENDED: Partial<Record<AnswerState["status"], string>> = {
  done: "done",
  stopped: "stopped",
  cut: "ended early",
  error: "failed",
};

function ordinal(place: number): string {
  const last = place % 10;
  const teens = Math.floor((place % 100) / 10) === 1;
  return `${place}${teens ? "th" : (["th", "st", "nd", "rd"][last] ?? "th")}`;
}

/** How far an answer is, in words. */
function statusWord(state: AnswerState | null, seconds: number): string {
  if (state === null) return "not asked";
  const ended = ENDED[state.status];
  if (ended !== undefined) return ended;
  if (state.status === "queued") {
    return state.position === null ? "in line (rate limit)" : `${ordinal(state.position)} in line (rate limit)`;
  }
  if (state.status === "waiting") return seconds < 1 ? "sent" : `waiting, ${seconds} s`;
  return "writing…";
}

/** The same, with the seconds ticking. */
export function ColumnStatus({ state }: { state: AnswerState | null }): React.JSX.Element {
  const waiting =
    state !== null && (state.status === "waiting" || state.status === "queued") && isRunning(state.status);
  const seconds = useElapsed(state?.startedAt ?? 0, waiting);
  return <span className="text-meta text-ink-3">{statusWord(state, seconds)}</span>;
}
