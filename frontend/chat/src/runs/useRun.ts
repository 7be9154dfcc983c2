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

/** A followed run with its answers by message id; undefined for a run that this page does not follow. */
export function useRun(
  runId: string | null,
): { connection: LiveRun["connection"]; answers: Record<string, AnswerState> } | undefined {
  const run = useStore(liveRuns, (runs) => (runId === null ? undefined : runs[runId]));
  const ids = run?.answerIds;
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = (ids ?? []).map((id) => answerStore(id)?.subscribe(listener));
      return () => ends.forEach((end) => end?.());
    },
    [ids],
  );
  const snapshots = useSyncExternalStore(subscribe, snapshotOf(ids));
  return useMemo(() => run && { connection: run.connection, answers: snapshots }, [run, snapshots]);
}

const NONE: Record<string, AnswerState> = {};
const lastSnapshot = new WeakMap<string[], Record<string, AnswerState>>();

function snapshotOf(ids: string[] | undefined): () => Record<string, AnswerState> {
  return () => {
    if (!ids) return NONE;
    const known = lastSnapshot.get(ids) ?? NONE;
    const states = ids.flatMap((id) => answerStore(id)?.getSnapshot() ?? []);
    if (states.every((state) => known[state.messageId] === state)) return known;
    const fresh = Object.fromEntries(states.map((state) => [state.messageId, state]));
    lastSnapshot.set(ids, fresh);
    return fresh;
  };
}

/** The run at work in a conversation, if any. */
export function useConversationRun(conversationId: string): LiveRun | undefined {
  return useStore(liveRuns, (runs) =>
    Object.values(runs).find((run) => run.conversationId === conversationId && run.connection !== "ended"),
  );
}
