import type { ErrorBody, Loss, Message, MessageStatus, Receipt, Route, RunEvents } from "@/api/types";

/** An event of a run with its name: the two belong together. */
export type RunEvent = { [Name in keyof RunEvents]: { name: Name; data: RunEvents[Name] } }[keyof RunEvents];

/** Names of all events. Anything else on the stream is ignored. */
export const EVENT_NAMES = [
  "status",
  "delta",
  "reasoning",
  "usage",
  "loss",
  "route",
  "error",
  "title",
  "answer_end",
  "answered",
  "snapshot",
  "end",
] as const satisfies readonly RunEvent["name"][];

/** An answer as far as it is known. Times are milliseconds of the browser's clock. */
export interface AnswerState {
  messageId: string;
  column: number | null;
  model: string | null;
  provider: string | null;
  status: MessageStatus;
  /** Place in the provider's queue, from 1. */
  position: number | null;
  /** Seconds until the next try by itself, as the server said at `statusAt`. */
  retryAfterS: number | null;
  statusAt: number;
  startedAt: number;
  text: string;
  reasoning: string;
  reasoningStartedAt: number | null;
  reasoningMs: number | null;
  receipt: Receipt | null;
  losses: Loss[];
  route: Route | null;
  error: ErrorBody | null;
  finishReason: string | null;
}

const RUNNING: ReadonlySet<MessageStatus> = new Set(["queued", "waiting", "streaming"]);

/** Whether more of the answer may come. */
export const isRunning = (status: MessageStatus): boolean => RUNNING.has(status);

/** What a stored message says about its answer. */
export function fromMessage(message: Message, now: number): AnswerState {
  return {
    messageId: message.id,
    column: message.column,
    model: message.model,
    provider: message.provider,
    status: message.status,
    position: null,
    retryAfterS: null,
    statusAt: now,
    startedAt: Date.parse(message.created_at),
    text: message.content,
    reasoning: message.reasoning ?? "",
    reasoningStartedAt: null,
    reasoningMs: message.reasoning_ms,
    receipt: message.receipt,
    losses: message.losses,
    route: message.route,
    error: message.error,
    finishReason: message.finish_reason,
  };
}

/** An answer of which nothing has come yet. */
export function blankAnswer(messageId: string, column: number | null, model: string | null, now: number): AnswerState {
  return {
    messageId,
    column,
    model,
    provider: null,
    status: "waiting",
    position: null,
    retryAfterS: null,
    statusAt: now,
    startedAt: now,
    text: "",
    reasoning: "",
    reasoningStartedAt: null,
    reasoningMs: null,
    receipt: null,
    losses: [],
    route: null,
    error: null,
    finishReason: null,
  };
}

/** The answer after an event that is about it; `now` in milliseconds. */
export function applyEvent(state: AnswerState, event: RunEvent, now: number): AnswerState {
  switch (event.name) {
    case "status":
      return {
        ...state,
        status: event.data.status,
        provider: event.data.provider ?? state.provider,
        position: event.data.position,
        retryAfterS: event.data.retry_after_s,
        statusAt: now,
        error: null,
      };
    case "delta":
      return {
        ...state,
        status: "streaming",
        text: state.text + event.data.text,
        reasoningMs: state.reasoningMs ?? (state.reasoningStartedAt === null ? null : now - state.reasoningStartedAt),
      };
    case "reasoning":
      return {
        ...state,
        status: "streaming",
        reasoning: state.reasoning + event.data.text,
        reasoningStartedAt: state.reasoningStartedAt ?? now,
      };
    case "usage":
      return { ...state, receipt: event.data.receipt, provider: event.data.receipt.provider ?? state.provider };
    case "loss":
      return { ...state, losses: event.data.losses };
    case "route":
      return { ...state, route: event.data.route };
    case "error":
      return { ...state, error: event.data.error, status: "error" };
    case "answer_end":
      return {
        ...state,
        status: event.data.status,
        finishReason: event.data.finish_reason,
        receipt: event.data.receipt ?? state.receipt,
      };
    case "snapshot": {
      const message = event.data.messages.find((candidate) => candidate.id === state.messageId);
      return message ? { ...fromMessage(message, now), startedAt: state.startedAt } : state;
    }
    case "title":
    case "answered":
    case "end":
      return state;
  }
}

/** The stored message with what its stream has said since. */
export function toMessage(message: Message, state: AnswerState): Message {
  return {
    ...message,
    content: state.text,
    reasoning: state.reasoning === "" ? null : state.reasoning,
    reasoning_ms: state.reasoningMs,
    model: state.model ?? message.model,
    provider: state.provider ?? message.provider,
    status: state.status,
    error: state.error,
    finish_reason: state.finishReason,
    receipt: state.receipt,
    route: state.route,
    losses: state.losses,
  };
}
