import { createStore } from "zustand/vanilla";
import { conversationKeys } from "@/api/conversations";
import { isUnreachable, toErrorBody } from "@/api/errors";
import { queryClient } from "@/api/queryClient";
import { startRun } from "@/api/runs";
import type { Attachment, ConversationDetail, ErrorBody, Params, Run, RunRequest } from "@/api/types";
import { storeRun } from "./storeRun";
import { followRun, liveRuns, runningIn } from "./liveRuns";

/** A message on its way. It is kept, with its files, until the server has it. */
export interface Outgoing {
  /** The run's id, made here: sending the same one again never calls a model twice. */
  id: string;
  conversationId: string;
  /** The server does not have the conversation yet. */
  isNew: boolean;
  /** Where it hangs: under a message, at the end of the shown path, or at the root. */
  parent: { at: "leaf" } | { at: "message"; id: string | null };
  content: string;
  attachments: Attachment[];
  model: string;
  system: string | null;
  params: Params | null;
  /** `waiting`: behind a running answer; `offline`: no server; both go by themselves. `failed`: refused. */
  state: "waiting" | "sending" | "offline" | "failed";
  error: ErrorBody | null;
}

const STORAGE_KEY = "trunkline.outbox";
const RETRY_MS = 5_000;

/** All messages on their way, in the order they were sent. */
export const outbox = createStore<Outgoing[]>(() => restore());

outbox.subscribe((items) => {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(items));
  } catch {
    // A full or forbidden storage costs the queue's survival of a reload, nothing else.
  }
});
liveRuns.subscribe(() => pumpAll());
window.addEventListener("online", () => pumpAll());

function restore(): Outgoing[] {
  try {
    const items = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "[]") as Outgoing[]; // written above
    return items.map((item) => (item.state === "sending" ? { ...item, state: "offline" } : item));
  } catch {
    return [];
  }
}

/** Sends a message, or queues it behind the answer that is being written. */
export function send(item: Omit<Outgoing, "state" | "error">): void {
  outbox.setState([...outbox.getState(), { ...item, state: "waiting", error: null }], true);
  void pump(item.conversationId);
}

/** Takes a message back before it is sent; gives it, so that its text is not lost. */
export function takeBack(id: string): Outgoing | undefined {
  const item = outbox.getState().find((candidate) => candidate.id === id);
  if (item?.state === "sending") return undefined;
  outbox.setState(
    outbox.getState().filter((candidate) => candidate.id !== id),
    true,
  );
  return item;
}

/** Tries a refused message again, perhaps with another model. */
export function sendAgain(id: string, model?: string): void {
  change(id, { state: "waiting", error: null, ...(model === undefined ? {} : { model }) });
  const item = outbox.getState().find((candidate) => candidate.id === id);
  if (item) void pump(item.conversationId);
}

function change(id: string, changes: Partial<Outgoing>): void {
  outbox.setState(
    outbox.getState().map((item) => (item.id === id ? { ...item, ...changes } : item)),
    true,
  );
}

function pumpAll(): void {
  for (const conversationId of new Set(outbox.getState().map((item) => item.conversationId))) void pump(conversationId);
}

/** Sends what is first in line for a conversation, when nothing of it is running. */
async function pump(conversationId: string): Promise<void> {
  const item = outbox.getState().find((candidate) => candidate.conversationId === conversationId);
  if (!item || item.state === "sending" || item.state === "failed" || runningIn(conversationId)) return;
  change(item.id, { state: "sending" });
  const request = toRequest(item);
  try {
    const run = await startRun(request);
    begin(run, request, item.attachments);
    takeSent(item.id);
  } catch (error) {
    if (isUnreachable(error)) {
      change(item.id, { state: "offline" });
      setTimeout(() => void pump(conversationId), RETRY_MS);
    } else {
      change(item.id, { state: "failed", error: toErrorBody(error) });
    }
  }
}

function takeSent(id: string): void {
  outbox.setState(
    outbox.getState().filter((item) => item.id !== id),
    true,
  );
}

function toRequest(item: Outgoing): RunRequest {
  const detail = queryClient.getQueryData<ConversationDetail>(conversationKeys.detail(item.conversationId));
  return {
    id: item.id,
    conversation_id: item.conversationId,
    kind: "send",
    chat_kind: "chat",
    parent_id: item.parent.at === "leaf" ? (detail?.leaf_id ?? null) : item.parent.id,
    content: item.content,
    attachment_ids: item.attachments.map((attachment) => attachment.id),
    models: [item.model],
    columns: null,
    system: item.system,
    params: item.params,
    accept_losses: true,
  };
}

/** Puts a run that the server has taken into the conversation and follows it. */
export function begin(run: Run, request: RunRequest, attachments: Attachment[]): void {
  storeRun(run, request, attachments);
  followRun(run);
  void queryClient.invalidateQueries({ queryKey: conversationKeys.list });
}
