import { conversationKeys } from "@/api/conversations";
import { queryClient } from "@/api/queryClient";
import type { Attachment, Conversation, ConversationDetail, Message, Run, RunRequest } from "@/api/types";

const NO_PARAMS: Conversation["params"] = { temperature: null, top_p: null, max_tokens: null, reasoning_effort: null };

/** A conversation as it is before the server has told of it. */
export function provisionalConversation(request: RunRequest, now: string): ConversationDetail {
  return {
    id: request.conversation_id,
    kind: request.chat_kind ?? "chat",
    title: "",
    model: request.models[0] ?? "",
    system: request.system ?? null,
    params: request.params ?? NO_PARAMS,
    columns: request.chat_kind === "compare" ? request.models.map((model) => ({ model })) : [],
    pinned: false,
    leaf_id: null,
    created_at: now,
    updated_at: now,
    cost_nano: "0",
    total_tokens: 0,
    continued_from: null,
    deleted: false,
    messages: [],
    votes: [],
    attachments_bytes: 0,
  };
}

const EMPTY: Omit<Message, "id" | "conversation_id" | "parent_id" | "role" | "content" | "status" | "created_at"> = {
  column: null,
  attachments: [],
  reasoning: null,
  reasoning_ms: null,
  model: null,
  provider: null,
  error: null,
  finish_reason: null,
  receipt: null,
  route: null,
  losses: [],
  run_id: null,
};

/** The messages that a run has added: the question, when it is new, and an empty answer for each model. */
function messagesOfRun(run: Run, request: RunRequest, attachments: Attachment[]): Message[] {
  const shared = { ...EMPTY, conversation_id: run.conversation_id, created_at: run.created_at, run_id: run.id };
  const question: Message = {
    ...shared,
    id: run.user_message_id,
    parent_id: request.parent_id ?? null,
    role: "user",
    content: request.content ?? "",
    attachments,
    status: "done",
  };
  const answers = run.answers.map((answer): Message => ({
    ...shared,
    id: answer.message_id,
    parent_id: request.kind === "continue" ? (request.parent_id ?? null) : run.user_message_id,
    role: "assistant",
    column: answer.column,
    content: "",
    model: answer.model,
    status: "waiting",
  }));
  return request.kind === "send" ? [question, ...answers] : answers;
}

/** The run that a question was sent with: its key in the thread before the server had named it. */
const sentWith = new Map<string, string>();

/** A key for a message in the thread that stays the same from the moment of sending on. */
export const messageKey = (message: Message): string => {
  const run = sentWith.get(message.id);
  return run === undefined ? message.id : outgoingKey(run);
};

export const outgoingKey = (runId: string): string => `question ${runId}`;

/** Adds a run's messages to the conversation in the cache, and shows the path that ends in its first answer. */
export function storeRun(run: Run, request: RunRequest, attachments: Attachment[]): void {
  const key = conversationKeys.detail(run.conversation_id);
  if (request.kind === "send") sentWith.set(run.user_message_id, run.id);
  // An answer of the server that left before this run began would take its messages away again.
  void queryClient.cancelQueries({ queryKey: key });
  queryClient.setQueryData<ConversationDetail>(key, (old) => {
    const conversation = old ?? provisionalConversation(request, run.created_at);
    const fresh = messagesOfRun(run, request, attachments);
    const ids = new Set(fresh.map((message) => message.id));
    const kept = conversation.messages.filter((message) => !ids.has(message.id));
    return {
      ...conversation,
      model: request.models[0] ?? conversation.model,
      messages: [...kept, ...fresh],
      leaf_id: run.answers[0]?.message_id ?? conversation.leaf_id,
      updated_at: run.created_at,
    };
  });
}
