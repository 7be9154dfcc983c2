import { describe, expect, it } from "vitest";
import { localError } from "@/api/errors";
import type { Receipt } from "@/api/types";
import { message } from "../testing/message";
import { applyEvent, blankAnswer, fromMessage, toMessage, type RunEvent } from "./answerState";

const about = { message_id: "m", column: null };
const RECEIPT: Receipt = {
  usage: { input: 1, output: 2, cached: null, reasoning: null, total: 3 },
  cost_nano: "8300000",
  settled: true,
  estimated: false,
  timing: { first_word_ms: 10, total_ms: 20, gateway_ms: 1 },
  call_id: "call",
  model: "a",
  model_answered: "a",
  provider: "openai",
  deployment: null,
};

function fold(events: RunEvent[]) {
  let now = 1_000;
  return events.reduce((state, event) => applyEvent(state, event, (now += 100)), blankAnswer("m", null, "a", 1_000));
}

describe("applyEvent", () => {
  it("adds up what is written", () => {
    const state = fold([
      {
        name: "status",
        data: { ...about, status: "waiting", provider: "openai", position: null, retry_after_s: null },
      },
      { name: "delta", data: { ...about, text: "Hel" } },
      { name: "delta", data: { ...about, text: "lo" } },
      { name: "answer_end", data: { ...about, status: "done", finish_reason: "stop", receipt: RECEIPT } },
    ]);
    expect(state).toMatchObject({
      text: "Hello",
      provider: "openai",
      status: "done",
      finishReason: "stop",
      receipt: RECEIPT,
    });
  });

  it("measures the reasoning from its first piece to the first word", () => {
    const state = fold([
      { name: "reasoning", data: { ...about, text: "Hm. " } },
      { name: "reasoning", data: { ...about, text: "So. " } },
      { name: "delta", data: { ...about, text: "Yes" } },
      { name: "delta", data: { ...about, text: "." } },
    ]);
    expect(state).toMatchObject({ reasoning: "Hm. So. ", reasoningMs: 200, text: "Yes." });
  });

  it("keeps the text of an answer that failed", () => {
    const error = localError("provider_down", "openai broke off.");
    const state = fold([
      { name: "delta", data: { ...about, text: "Half" } },
      { name: "error", data: { ...about, error } },
    ]);
    expect(state).toMatchObject({ text: "Half", status: "error", error });
  });

  it("forgets an error when the server tries again", () => {
    const state = fold([
      { name: "error", data: { ...about, error: localError("rate_limited", "Limit reached.") } },
      { name: "status", data: { ...about, status: "waiting", provider: null, position: null, retry_after_s: 8 } },
    ]);
    expect(state).toMatchObject({ error: null, status: "waiting", retryAfterS: 8 });
  });

  it("takes a snapshot in the place of the events it stands for", () => {
    const stored = message({ id: "m", role: "assistant", content: "All of it", status: "done" });
    const state = fold([
      { name: "delta", data: { ...about, text: "All" } },
      { name: "snapshot", data: { message_id: null, column: null, messages: [stored] } },
    ]);
    expect(state).toMatchObject({ text: "All of it", status: "done" });
  });
});

describe("toMessage", () => {
  it("gives back what fromMessage took", () => {
    const stored = message({
      id: "m",
      role: "assistant",
      content: "Text",
      reasoning: "Hm.",
      reasoning_ms: 40,
      model: "a",
      receipt: RECEIPT,
    });
    expect(toMessage(stored, fromMessage(stored, 0))).toEqual(stored);
  });
});
