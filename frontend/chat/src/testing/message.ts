import type { Message } from "@/api/types";

/** A stored message for tests; what is not given is empty. */
export function message(given: Pick<Message, "id" | "role"> & Partial<Message>): Message {
  return {
    conversation_id: "c",
    parent_id: null,
    column: null,
    content: "",
    attachments: [],
    reasoning: null,
    reasoning_ms: null,
    model: null,
    provider: null,
    status: "done",
    error: null,
    finish_reason: null,
    receipt: null,
    route: null,
    losses: [],
    created_at: "2026-11-24T12:00:00Z",
    run_id: null,
    ...given,
  };
}
