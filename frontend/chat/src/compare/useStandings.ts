import { useMemo, useRef, useSyncExternalStore } from "react";
import type { Message, Receipt } from "@/api/types";
import { isRunning, type AnswerState } from "@/runs/answerState";
import { answerStore } from "@/runs/liveRuns";

/** How one answer stands, without its text: nothing here changes with a token. */
export interface Standing {
  status: AnswerState["status"];
  receipt: Receipt | null;
  hasText: boolean;
}

function standingOf(answer: Message): Standing {
  const live = isRunning(answer.status) ? answerStore(answer.id)?.getSnapshot() : undefined;
  if (live === undefined) return { status: answer.status, receipt: answer.receipt, hasText: answer.content !== "" };
  return { status: live.status, receipt: live.receipt, hasText: live.text !== "" };
}

function same(a: Standing | null, b: Standing | null): boolean {
  return a?.status === b?.status && a?.receipt === b?.receipt && a?.hasText === b?.hasText;
}

/** The standing of every answer of a turn, live. Null where a column was not asked. */
export function useStandings(answers: readonly (Message | null)[]): readonly (Standing | null)[] {
  const last = useRef<readonly (Standing | null)[]>([]);
  const subscribe = useMemo(
    () => (changed: () => void) => {
      const ends = answers.map((answer) => (answer === null ? undefined : answerStore(answer.id)?.subscribe(changed)));
      return () => ends.forEach((end) => end?.());
    },
    [answers],
  );
  return useSyncExternalStore(subscribe, () => {
    const fresh = answers.map((answer) => (answer === null ? null : standingOf(answer)));
    const known = last.current;
    if (known.length === fresh.length && fresh.every((one, index) => same(one, known[index] ?? null))) return known;
    last.current = fresh;
    return fresh;
  });
}
