import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { announce } from "@trunkline/kit/StatusText";
import { formatTokensExact } from "@trunkline/kit/format";
import { settingsQuery } from "@/api/settings";
import { answerStore } from "@/runs/liveRuns";
import { useConversationRun } from "@/runs/useRun";

const STILL_S = 20;

/** Tells a screen reader where an answer begins and ends; the text itself is not read while it is written. */
export function useAnnouncements(conversationId: string): void {
  const run = useConversationRun(conversationId);
  const { data: settings } = useQuery(settingsQuery);
  const readsAnswers = useRef(false);
  readsAnswers.current = settings?.read_answers ?? false;
  const first = run?.answerIds[0];
  useEffect(() => {
    if (first === undefined) return;
    const started = Date.now();
    announce("Answer started");
    const still = setInterval(() => {
      announce(`Still writing, ${Math.round((Date.now() - started) / 1_000)} seconds`);
    }, STILL_S * 1_000);
    return () => {
      clearInterval(still);
      const answer = answerStore(first)?.latest;
      if (answer === undefined) return;
      const tokens = answer.receipt?.usage.output;
      const end = answer.status === "stopped" ? "Answer stopped" : "Answer finished";
      if (answer.error === null) announce(tokens ? `${end}, ${formatTokensExact(tokens)}` : end);
      if (readsAnswers.current) announce(answer.text);
    };
  }, [first]);
}
