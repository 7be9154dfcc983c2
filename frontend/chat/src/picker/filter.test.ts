import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelCard } from "@/api/types";
import { group, matches, NO_FILTERS } from "./filter";
import { inputCost } from "./price";
import { moveBy, rowsOf } from "./rows";
import { reasonOf, standingOf } from "./state";

function card(id: string, more: Partial<ModelCard> = {}): ModelCard {
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
    context_tokens: 128_000,
    max_output_tokens: null,
    price: { input_per_mtok: "3.00", output_per_mtok: "15.00", cached_per_mtok: null },
    abilities: { images: true, files: false, tools: false, reasoning: false, json_output: false, temperature: true },
    first_word_ms: null,
    embedded: false,
    is_default: false,
    pinned: false,
    allowed: true,
    ...more,
  };
}

const cheap = { input_per_mtok: "0.25", output_per_mtok: "2.00", cached_per_mtok: null };

describe("finding a model", () => {
  it("takes name, id, provider and the models behind a group", () => {
    const model = card("fast", { name: "Fast One", provider: "mistral", group_of: ["mistral/small-latest"] });
    for (const query of ["fast", "ONE", "mistral", "small-latest", "fast mistral", "  "]) {
      expect(matches(model, query, NO_FILTERS)).toBe(true);
    }
    expect(matches(model, "fast openai", NO_FILTERS)).toBe(false);
  });

  it("takes an ability by its words", () => {
    expect(matches(card("a"), "vision", NO_FILTERS)).toBe(true);
    expect(matches(card("a"), "tools", NO_FILTERS)).toBe(false);
  });

  it("takes a highest price for a million tokens in, however it is written", () => {
    for (const query of ["<1", "≤ $1", "<= 1/m", "<= $1/M"]) {
      expect(matches(card("a"), query, NO_FILTERS)).toBe(false);
      expect(matches(card("a", { price: cheap }), query, NO_FILTERS)).toBe(true);
    }
    expect(matches(card("a", { price: null }), "<99", NO_FILTERS)).toBe(false);
  });

  it("narrows by every filter that is on", () => {
    const off = card("a", { price: cheap, state: "no_key" });
    expect(matches(off, "", { ...NO_FILTERS, cheap: true, images: true })).toBe(true);
    expect(matches(off, "", { ...NO_FILTERS, ready: true })).toBe(false);
    expect(matches(off, "", { ...NO_FILTERS, tools: true })).toBe(false);
  });
});

describe("the groups of the picker", () => {
  it("hold every model that matches exactly once", () => {
    const states = fc.constantFrom<ModelCard["state"]>("ready", "no_key", "failing", "budget", "unknown", "down");
    const one = fc.record({ state: states, pinned: fc.boolean(), allowed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (cards) => {
        const models = cards.map((more, index) => card(`m${index}`, more));
        const ids = group(models, "", NO_FILTERS).flatMap((part) => part.models.map((model) => model.id));
        expect(ids.toSorted()).toEqual(models.map((model) => model.id).toSorted());
      }),
    );
  });

  it("come in the order pinned, ready, not now, and the default model leads", () => {
    const models = [
      card("z", { is_default: true }),
      card("a"),
      card("p", { pinned: true, state: "no_key" }),
      card("n", { state: "no_key" }),
    ];
    const groups = group(models, "", NO_FILTERS);
    expect(groups.map((part) => part.key)).toEqual(["pinned", "ready", "not_now"]);
    expect(groups[1]?.models.map((model) => model.id)).toEqual(["z", "a"]);
  });

  it("put names that begin with the word typed first", () => {
    const models = [card("alpha-mini"), card("mini-beta")];
    expect(group(models, "mini", NO_FILTERS)[0]?.models[0]?.id).toBe("mini-beta");
  });
});

describe("moving through the list", () => {
  const rows = rowsOf(group([card("a"), card("b"), card("c", { state: "down" })], "", NO_FILTERS));

  it("skips headings and stays inside", () => {
    expect(rows.map((row) => row.kind)).toEqual(["heading", "model", "model", "heading", "model"]);
    expect(moveBy(rows, 2, 1)).toBe(4);
    expect(moveBy(rows, 4, 1)).toBe(4);
    expect(moveBy(rows, 4, -8)).toBe(1);
    expect(moveBy(rows, 1, Number.POSITIVE_INFINITY)).toBe(4);
  });

  it("starts at the first model from nowhere, and at none in an empty list", () => {
    expect(moveBy(rows, -1, 1)).toBe(1);
    expect(moveBy([], -1, 1)).toBe(-1);
  });
});

describe("a model that does not answer", () => {
  it("names the missing variable", () => {
    const model = card("g", { provider: "vertex_ai", state: "no_key", variable: "GOOGLE_CLOUD_PROJECT" });
    expect(reasonOf(model)).toBe("No key for vertex_ai: set GOOGLE_CLOUD_PROJECT.");
    expect(standingOf(model)).toMatchObject({ word: "no key", usable: false });
  });

  it("may be used all the same when it only fails often", () => {
    expect(standingOf(card("c", { state: "failing" })).usable).toBe(true);
    expect(standingOf(card("c", { state: "failing", allowed: false })).usable).toBe(false);
  });
});

describe("what a message costs", () => {
  it("is exact to the nano-dollar, rounded half up", () => {
    expect(inputCost(card("a"), 1_000)).toBe(3_000_000n);
    expect(inputCost(card("a", { price: { ...cheap, input_per_mtok: "0.0000005" } }), 1_000)).toBe(1n);
    expect(inputCost(card("a", { price: null }), 1_000)).toBeNull();
  });
});
