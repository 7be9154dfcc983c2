import { describe, expect, it } from "vitest";
import { provisionalConversation } from "@/runs/storeRun";
import { message } from "../testing/message";
import { keepMessages } from "./sameMessages";

const request = {
  id: "r",
  conversation_id: "c",
  models: ["a"],
  kind: "send",
  chat_kind: "chat",
  content: "",
  attachment_ids: [],
  accept_losses: true,
} as const;
const conversation = {
  ...provisionalConversation({ ...request, models: ["a"], attachment_ids: [] }, ""),
  title: "old",
};
const question = message({ id: "1", role: "user", content: "q" });
const answer = message({ id: "2", role: "assistant", content: "half", status: "streaming" });
const old = { ...conversation, messages: [question, answer] };

describe("keepMessages", () => {
  it("keeps the list itself where no message changed, with what is new about the conversation", () => {
    const kept = keepMessages(old, { ...structuredClone(old), title: "new" });
    expect(kept.messages).toBe(old.messages);
    expect(kept.title).toBe("new");
  });

  it("takes a message that changed and keeps the others", () => {
    const done = { ...answer, content: "whole", status: "done" as const };
    const kept = keepMessages(old, { ...old, messages: [structuredClone(question), done] });
    expect(kept.messages[0]).toBe(question);
    expect(kept.messages[1]).toBe(done);
  });

  it("takes the first copy as it is", () => {
    expect(keepMessages(undefined, old)).toBe(old);
  });
});
