import { describe, expect, it } from "vitest";
import type { ModelCard } from "@/api/types";
import { sortModels } from "./ModelTable";

function card(id: string, input: string | null): ModelCard {
  return {
    id,
    name: id,
    provider: "openai",
    group_of: [],
    replaced: null,
    state: "ready",
    reason: null,
    variable: null,
    fix: null,
    since: null,
    context_tokens: null,
    max_output_tokens: null,
    price: input === null ? null : { input_per_mtok: input, output_per_mtok: input, cached_per_mtok: null },
    abilities: { images: false, files: false, tools: false, reasoning: false, json_output: false, temperature: true },
    first_word_ms: null,
    embedded: false,
    is_default: false,
    pinned: false,
    allowed: true,
  };
}

describe("models sorted by a column", () => {
  const models = [card("b", "10.00"), card("free", null), card("a", "2.50")];
  const order = (descending: boolean): string[] =>
    sortModels(models, { column: "input", descending }).map((model) => model.id);

  it("are in the order of numbers, not of their text", () => {
    expect(order(false)).toEqual(["a", "b", "free"]);
  });

  it("have those without a value last in both directions", () => {
    expect(order(true)).toEqual(["b", "a", "free"]);
  });

  it("keep the order they came in without a column", () => {
    expect(sortModels(models, null).map((model) => model.id)).toEqual(["b", "free", "a"]);
  });
});
