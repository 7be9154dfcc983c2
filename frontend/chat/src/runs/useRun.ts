import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import type { Message } from "@/api/types";
import { fromMessage, isRunning, type AnswerState } from "./answerState";
import { answerStore, liveRuns, type LiveRun } from "./liveRuns";

const NOTHING_TO_HEAR = (): void => undefined;

/** The answer in a message: live while it is being written, as stored otherwise. */
export function useAnswer(message: Message): AnswerState {
  const stored = useMemo(() => fromMessage(message, Date.now()), [message]);
  const followed = useStore(liveRuns, (runs) => message.run_id !== null && runs[message.run_id] !== undefined);
  const subscribe = useCallback(
    // A run taken up after a reload makes its stores when it is there, hence `followed`.
    (listener: () => void) => (followed ? answerStore(message.id)?.subscribe(listener) : undefined) ?? NOTHING_TO_HEAR,
    [message.id, followed],
  );
  const live = useSyncExternalStore(subscribe, () => answerStore(message.id)?.getSnapshot());
  // The store was made with the run; a stored message that has ended knows more (the settled receipt).
  return live && isRunning(message.status) ? live : stored;
}

/** The run at work in a conversation, if any. */
export function useConversationRun(conversationId: string): LiveRun | undefined {
  return useStore(liveRuns, (runs) =>
    Object.values(runs).find((run) => run.conversationId === conversationId && run.connection !== "ended"),
  );
}
