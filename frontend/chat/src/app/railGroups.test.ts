import { describe, expect, it } from "vitest";
import type { Conversation } from "@/api/types";
import { railGroups } from "./railGroups";

// The local clock decides what a day is: instants are made from local ones.
const NOW = new Date(2026, 10, 24, 15, 0);

function conversation(id: string, updated: Date, pinned = false): Conversation {
  return {
    id,
    kind: "chat",
    title: id,
    model: "a",
    system: null,
    params: { temperature: null, top_p: null, max_tokens: null, reasoning_effort: null },
    columns: [],
    pinned,
    leaf_id: null,
    created_at: updated.toISOString(),
    updated_at: updated.toISOString(),
    cost_nano: "0",
    total_tokens: 0,
    continued_from: null,
    deleted: false,
  };
}

describe("railGroups", () => {
  it("puts pinned ones first, then today, yesterday, single days, and older ones by month", () => {
    const groups = railGroups(
      [
        conversation("now", new Date(2026, 10, 24, 14, 0)),
        conversation("morning", new Date(2026, 10, 24, 0, 1)),
        conversation("eve", new Date(2026, 10, 23, 23, 59)),
        conversation("sunday", new Date(2026, 10, 22, 12, 0)),
        conversation("october", new Date(2026, 9, 3, 12, 0)),
        conversation("kept", new Date(2026, 0, 1, 12, 0), true),
      ],
      NOW,
    );
    expect(groups.map(({ name, conversations }) => [name, conversations.map(({ id }) => id)])).toEqual([
      ["Pinned", ["kept"]],
      ["Today", ["now", "morning"]],
      ["Yesterday", ["eve"]],
      ["22 Nov", ["sunday"]],
      ["October 2026", ["october"]],
    ]);
  });
});
