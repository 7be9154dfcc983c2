import { describe, expect, it } from "vitest";
import type { ConversationDetail, Message, Receipt, Vote } from "@/api/types";
import { countWords, difference, tokens } from "./difference";
import { factsOf } from "./facts";
import { letterOf, orderOf } from "./letters";
import { compareSearch, modelIds, newCompareSearch } from "./search";
import { turnsOf } from "./turns";

function message(id: string, parent: string | null, more: Partial<Message>): Message {
  return {
    id,
    conversation_id: "c",
    parent_id: parent,
    role: "user",
    column: null,
    content: id,
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
    ...more,
  };
}

const answer = (id: string, parent: string, column: number): Message =>
  message(id, parent, { role: "assistant", column });

function detail(messages: Message[], leaf: string, votes: Vote[] = []): ConversationDetail {
  return {
    id: "c",
    kind: "compare",
    title: "",
    model: "a",
    system: null,
    params: {},
    columns: [{ model: "a" }, { model: "b" }],
    pinned: false,
    leaf_id: leaf,
    created_at: "2026-11-24T12:00:00Z",
    updated_at: "2026-11-24T12:00:00Z",
    cost_nano: "0",
    total_tokens: 0,
    continued_from: null,
    deleted: false,
    messages,
    votes,
    attachments_bytes: 0,
  };
}

function receipt(cost: string | null, first: number | null, total: number | null): Receipt {
  return {
    usage: { input: 1, output: 1, cached: null, reasoning: null, total: 2 },
    cost_nano: cost,
    settled: true,
    estimated: false,
    timing: { first_word_ms: first, total_ms: total, gateway_ms: null },
    call_id: null,
    model: "m",
    model_answered: null,
    provider: null,
    deployment: null,
  };
}

describe("the turns of a comparison", () => {
  const first = [message("1", null, {}), answer("2", "1", 0), answer("3", "1", 1)];

  it("have an answer a column, and null where a column was not asked", () => {
    const messages = [...first, message("4", "2", {}), answer("5", "4", 1)];
    const turns = turnsOf(detail(messages, "5"));
    expect(turns.map((turn) => turn.answers.map((one) => one?.id ?? null))).toEqual([
      ["2", "3"],
      [null, "5"],
    ]);
  });

  it("show the latest answer of a column that answered again", () => {
    const turns = turnsOf(detail([...first, answer("9", "1", 1)], "9"));
    expect(turns[0]?.answers.map((one) => one?.id)).toEqual(["2", "9"]);
  });

  it("know the newest vote on their question", () => {
    const vote = (choice: Vote["choice"]): Vote => ({ message_id: "1", choice, blind: true, created_at: "" });
    expect(turnsOf(detail(first, "2", [vote(0), vote("tie")]))[0]?.vote?.choice).toBe("tie");
    expect(turnsOf(detail(first, "2"))[0]?.vote).toBeNull();
  });
});

describe("the measured facts", () => {
  const columns = (a: Receipt | null, b: Receipt | null) => [
    { letter: "A", receipt: a },
    { letter: "B", receipt: b },
  ];

  it("compare cost and time and never quality", () => {
    const said = factsOf(columns(receipt("8300000", 900, 6200), receipt("498000", 600, 3100)), false);
    expect(said).toBe(
      "B costs 94 % less than A, began 0.3 s sooner and was done 3.1 s sooner. Tokens are each model’s own count.",
    );
  });

  it("name the columns again when others lead", () => {
    const said = factsOf(columns(receipt("8300000", 300, 6200), receipt("498000", 600, 9000)), false);
    expect(said).toMatch(/^B costs 94 % less than A, A began 0\.3 s sooner than B and was done 2\.8 s sooner\./);
  });

  it("say so far while a column is writing, and nothing of the end", () => {
    const said = factsOf(columns(receipt("8300000", 900, 6200), receipt("498000", 600, null)), true);
    expect(said).toMatch(/^So far B costs 94 % less than A and began 0\.3 s sooner\./);
  });

  it("are left out when there is nothing to compare", () => {
    expect(factsOf(columns(receipt("1", 900, 6200), null), false)).toBeNull();
    expect(factsOf(columns(receipt(null, null, null), receipt(null, null, null)), false)).toBeNull();
  });

  it("do not make a share of an answer that costs nothing", () => {
    expect(factsOf(columns(receipt("0", null, null), receipt("5", null, null)), false)).toMatch(/^A costs nothing\./);
  });
});

describe("the difference of two answers", () => {
  it("is of words in text and of whole lines in code", () => {
    const found = tokens("one two\n```js\nlet a = 1;\nlet b = 2;\n```\nend");
    expect(found.filter(({ code }) => code)).toHaveLength(4);
    expect(found.map(({ text }) => text)).toEqual([
      "one ",
      "two\n",
      "```js\n",
      "let a = 1;\n",
      "let b = 2;\n",
      "```\n",
      "end",
    ]);
  });

  it("gives both texts back", () => {
    const [a, b] = ["The cat sat on a mat.", "The dog sat on the mat."];
    const parts = difference(a, b);
    const without = (kind: string): string => parts.flatMap((part) => (part.kind === kind ? [] : part.text)).join("");
    expect(without("added")).toBe(a);
    expect(without("removed")).toBe(b);
    expect(countWords(parts)).toEqual({ same: 4, removed: 2, added: 2 });
  });
});

describe("blind columns", () => {
  it("come in an order of their own that holds every column, the same each time", () => {
    const orders = ["x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"].map((id) => orderOf(4, id));
    for (const order of orders) expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    expect(orderOf(4, "x1")).toEqual(orders[0]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(3);
    expect(orderOf(3, null)).toEqual([0, 1, 2]);
    expect(letterOf(2)).toBe("C");
  });
});

describe("the address of a comparison", () => {
  it("keeps what is understood and drops the rest", () => {
    expect(compareSearch({ layout: "diff", pin: "1", blind: "true", x: 1 })).toEqual({
      layout: "diff",
      pin: 1,
      blind: true,
    });
    expect(compareSearch({ layout: "pie", pin: 9, blind: "no" })).toEqual({});
  });

  it("names two to four models, each once, and the question", () => {
    expect(newCompareSearch({ models: "a,b", q: 7 })).toEqual({ models: "a,b", q: "7" });
    expect(modelIds("a, b,a,,c,d,e")).toEqual(["a", "b", "c", "d"]);
    expect(modelIds(undefined)).toEqual([]);
  });
});
