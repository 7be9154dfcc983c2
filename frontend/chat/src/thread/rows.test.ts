import { describe, expect, it } from "vitest";
import type { Loss } from "@/api/types";
import type { Outgoing } from "@/runs/outbox";
import { message } from "../testing/message";
import { lastTurnStart, rowsOf } from "./rows";
import { MessageTree } from "./tree";

const LOSS: Loss = { kind: "image", path: "messages.0", count: 1, message: "takes no images", action: "dropped" };
const MESSAGES = [
  message({ id: "01", role: "user" }),
  message({ id: "02", parent_id: "01", role: "assistant", model: "a" }),
  message({ id: "03", parent_id: "02", role: "user" }),
  message({ id: "04", parent_id: "03", role: "assistant", model: "b", losses: [LOSS] }),
];

function outgoing(given: Partial<Outgoing>): Outgoing {
  return {
    id: "run",
    conversationId: "c",
    isNew: false,
    parent: { at: "leaf" },
    content: "more",
    attachments: [],
    model: "a",
    system: null,
    params: null,
    state: "waiting",
    error: null,
    ...given,
  };
}

const shape = (rows: ReturnType<typeof rowsOf>): string[] =>
  rows.map((row) => (row.kind === "message" ? row.message.id : row.kind));

describe("rowsOf", () => {
  it("marks where another model takes over, with what it did not get", () => {
    const rows = rowsOf(new MessageTree(MESSAGES), "04", []);
    expect(shape(rows)).toEqual(["01", "02", "03", "switch", "04"]);
    expect(rows[3]).toMatchObject({ from: "a", losses: [LOSS] });
  });

  it("marks nothing where the first model answers", () => {
    expect(shape(rowsOf(new MessageTree(MESSAGES), "02", []))).toEqual(["01", "02"]);
  });

  it("shows what is on its way at the end", () => {
    expect(shape(rowsOf(new MessageTree(MESSAGES), "02", [outgoing({})]))).toEqual(["01", "02", "outgoing"]);
  });

  it("shows an edited question in the place of the one it replaces", () => {
    const item = outgoing({ parent: { at: "message", id: "02" } });
    expect(shape(rowsOf(new MessageTree(MESSAGES), "04", [item]))).toEqual(["01", "02", "outgoing"]);
    const root = outgoing({ parent: { at: "message", id: null } });
    expect(shape(rowsOf(new MessageTree(MESSAGES), "04", [root]))).toEqual(["outgoing"]);
  });
});

describe("lastTurnStart", () => {
  it("is the last question", () => {
    expect(lastTurnStart(rowsOf(new MessageTree(MESSAGES), "04", []))).toBe(2);
  });

  it("stays with the running answer while a message waits behind it", () => {
    const tree = new MessageTree(MESSAGES);
    expect(lastTurnStart(rowsOf(tree, "02", [outgoing({ state: "waiting" })]))).toBe(0);
    expect(lastTurnStart(rowsOf(tree, "02", [outgoing({ state: "sending" })]))).toBe(2);
  });
});
