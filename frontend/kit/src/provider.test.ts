import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignSeries, providerColour, seriesOf } from "./provider.ts";

describe("providers", () => {
  it("have a place of their own, also under another name", () => {
    expect(seriesOf("openai")).toBe("openai");
    expect(seriesOf("vertex_ai")).toBe("google");
    expect(seriesOf("vertex_ai_beta")).toBe("google");
    expect(seriesOf("bedrock_converse")).toBe("bedrock");
    expect(seriesOf("text-completion-openai")).toBe("openai");
    expect(seriesOf("embedded")).toBe("local");
    expect(seriesOf("groq")).toBe("other");
    expect(seriesOf(null)).toBe("other");
  });

  it("are told apart by dash and marker too", () => {
    const looks = ["openai", "anthropic", "google", "azure", "bedrock", "mistral", "cohere", "local"].map(
      providerColour,
    );
    expect(new Set(looks.map((look) => look.marker)).size).toBe(looks.length);
    expect(new Set(looks.map((look) => look.colour)).size).toBe(looks.length);
  });

  it("take free places in a chart without sharing one, and the rest is other", () => {
    const names = fc.uniqueArray(
      fc.constantFrom("openai", "anthropic", "groq", "xai", "deepseek", "together_ai", "fireworks_ai"),
    );
    fc.assert(
      fc.property(names, (providers) => {
        const places = [...assignSeries(providers).values()].map((style) => style.series);
        expect(new Set(places).size).toBe(places.length);
        expect(places).not.toContain("other");
      }),
    );
    const many = Array.from({ length: 12 }, (_, index) => `provider${index}`);
    const places = [...assignSeries(many).values()].map((style) => style.series);
    expect(places.filter((place) => place === "other")).toHaveLength(4);
  });
});
