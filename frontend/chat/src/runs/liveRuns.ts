import { createStore } from "zustand/vanilla";
import { api, call } from "@/api/client";
import { conversationKeys, patchCachedConversation } from "@/api/conversations";
import { ApiError, localError } from "@/api/errors";
import { queryClient } from "@/api/queryClient";
import type { ConversationDetail, Run } from "@/api/types";
import { blankAnswer, isRunning, toMessage, type RunEvent } from "./answerState";
import { AnswerStore } from "./answerStore";
import { RunStream, type StreamState } from "./runStream";

/** A run that this page follows. It has `ended` once all is written; receipts may still be settled after that. */
export interface LiveRun {
  id: string;
  conversationId: string;
  answerIds: string[];
  connection: StreamState | "ended";
}

/** The runs by their id. The answers have stores of their own, so that a token touches nothing else. */
export const liveRuns = createStore<Record<string, LiveRun>>(() => ({}));
const answers = new Map<string, AnswerStore>();

/** The store of an answer that this page follows or has followed. */
export const answerStore = (messageId: string): AnswerStore | undefined => answers.get(messageId);

/** The run that is at work in a conversation. */
export function runningIn(conversationId: string): LiveRun | undefined {
  return Object.values(liveRuns.getState()).find(
    (run) => run.conversationId === conversationId && run.connection !== "ended",
  );
}

/** Shows the events of a run, from its first one, until it ends. A run that is already followed is left alone. */
export function followRun(run: Pick<Run, "id" | "conversation_id" | "answers">): void {
  if (liveRuns.getState()[run.id]) return;
  for (const { message_id, column, model } of run.answers) {
    answers.set(message_id, new AnswerStore(blankAnswer(message_id, column, model, Date.now()), run.answers.length));
  }
  const live: LiveRun = {
    id: run.id,
    conversationId: run.conversation_id,
    answerIds: run.answers.map((answer) => answer.message_id),
    connection: "open",
  };
  liveRuns.setState({ [run.id]: live });
  new RunStream(run.id, 0, {
    onEvent: (event) => take(live, event),
    onState: (connection) => setConnection(live.id, connection),
    onFailure: () => stillThere(live),
  });
}

/** Takes up a run that a stored conversation says is still at work, for example after a reload. */
export async function resumeRun(runId: string): Promise<void> {
  if (liveRuns.getState()[runId]) return;
  followRun(await call(api.GET("/api/runs/{run_id}", { params: { path: { run_id: runId } } })));
}

function setConnection(runId: string, connection: LiveRun["connection"]): void {
  const run = liveRuns.getState()[runId];
  // What has ended does not begin again because the stream of its receipts is opened once more.
  if (run && run.connection !== "ended" && run.connection !== connection)
    liveRuns.setState({ [runId]: { ...run, connection } });
}

function take(live: LiveRun, event: RunEvent): void {
  if (event.name === "title") {
    patchCachedConversation(queryClient, live.conversationId, (old) => ({ ...old, title: event.data.title }));
  } else if (event.name === "answered") {
    storeAnswers(live);
  } else if (event.name === "end") {
    finish(live);
  } else {
    const ids = event.data.message_id === null ? live.answerIds : [event.data.message_id];
    for (const id of ids) answers.get(id)?.apply(event);
    if (liveRuns.getState()[live.id]?.connection === "ended") storeAnswers(live); // a receipt was settled
  }
}

/** Puts the answers where all other messages are: nothing more is written. */
function storeAnswers(live: LiveRun): void {
  queryClient.setQueryData<ConversationDetail>(conversationKeys.detail(live.conversationId), (old) => {
    if (!old) return old;
    const messages = old.messages.map((message) => {
      const store = live.answerIds.includes(message.id) ? answers.get(message.id) : undefined;
      return store ? toMessage(message, store.latest) : message;
    });
    return { ...old, messages };
  });
  setConnection(live.id, "ended");
}

/** The run is over and settled: lets the server's copy follow. */
function finish(live: LiveRun): void {
  storeAnswers(live);
  // The next answer may be on its way by now; its own end fetches the conversation.
  if (!runningIn(live.conversationId)) {
    void queryClient.invalidateQueries({ queryKey: conversationKeys.detail(live.conversationId) });
  }
  void queryClient.invalidateQueries({ queryKey: conversationKeys.list });
  void queryClient.invalidateQueries({ queryKey: ["usage"] });
}

/** Whether a run that cannot be followed is worth another try; one that the server does not know is not. */
async function stillThere(live: LiveRun): Promise<boolean> {
  try {
    await call(api.GET("/api/runs/{run_id}", { params: { path: { run_id: live.id } } }));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 401)) return true;
    giveUp(live);
    return false;
  }
}

function giveUp(live: LiveRun): void {
  for (const id of live.answerIds) {
    const store = answers.get(id);
    if (!store || !isRunning(store.latest.status)) continue;
    const error = localError("cut", "The server no longer knows this run.", "Retry the answer.");
    store.apply({ name: "error", data: { message_id: id, column: null, error } });
  }
  finish(live);
}
