import { describe, expect, it } from "vitest";
import type { ModelCard } from "@/api/types";
import { newlyReady } from "./useModelNews";

const model = (id: string, state: ModelCard["state"]): ModelCard => ({
  id,
  name: id,
  provider: "openai",
  group_of: [],
  replaced: null,
  state,
  reason: null,
  variable: null,
  fix: null,
  since: null,
  context_tokens: null,
  max_output_tokens: null,
  price: null,
  abilities: { images: false, files: false, tools: false, reasoning: false, json_output: false, temperature: true },
  first_word_ms: null,
  embedded: false,
  is_default: false,
  pinned: false,
  allowed: true,
});

describe("newlyReady", () => {
  it("names the models that answer now and did not before", () => {
    const list = [model("a", "ready"), model("b", "ready"), model("c", "no_key")];
    expect(newlyReady(new Set(["a"]), list).map(({ id }) => id)).toEqual(["b"]);
  });

  it("takes the first list for no news", () => {
    expect(newlyReady(null, [model("a", "ready")])).toEqual([]);
  });
});
