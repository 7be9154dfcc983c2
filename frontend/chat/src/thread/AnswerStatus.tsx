import { useStore } from "zustand";
import { useEffect, useState } from "react";
import { useOnline } from "@/app/useOnline";
import { liveRuns } from "@/runs/liveRuns";
import type { AnswerState } from "@/runs/answerState";

interface AnswerStatusProps {
  answer: AnswerState;
  runId: string | null;
  provider: string | null;
}

const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const SUFFIX: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

/** What an answer waits for, in words that change once a second at most. */
function words(answer: AnswerState, provider: string | null, now: number): string | null {
  if (answer.retryAfterS !== null) {
    const left = Math.ceil(answer.retryAfterS - (now - answer.statusAt) / 1_000);
    if (left > 0) return `Limit reached${provider === null ? "" : ` at ${provider}`}. Trying again in ${left} s.`;
  }
  if (answer.status === "queued") {
    if (answer.position === null) return "In line";
    return `${answer.position}${SUFFIX[ORDINALS.select(answer.position)] ?? "th"} in line (rate limit)`;
  }
  if (answer.text !== "" || answer.reasoning !== "") return null;
  const seconds = Math.floor((now - answer.startedAt) / 1_000);
  if (seconds < 1) return null;
  return `Waiting for ${provider ?? "an answer"}, ${seconds} s`;
}

/** The state of an answer that is being written, as far as there is something to say. */
export function AnswerStatus({ answer, runId, provider }: AnswerStatusProps): React.JSX.Element {
  const isOnline = useOnline();
  const isBroken = useStore(liveRuns, (runs) => runId !== null && runs[runId]?.connection === "reconnecting");
  const now = useSeconds();
  const text = isBroken || !isOnline ? "Reconnecting, nothing is lost" : words(answer, provider, now);
  const isBlank = answer.text === "" && answer.reasoning === "";
  return (
    <p data-waiting="" className="min-h-6.5 pt-1 text-ui text-ink-3">
      {isBlank && text === null && <span className="caret" />}
      {text}
    </p>
  );
}

/** The time, once a second. */
function useSeconds(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
