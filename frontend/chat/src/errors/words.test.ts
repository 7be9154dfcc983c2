import { describe, expect, it } from "vitest";
import { formatTime } from "@trunkline/kit/time";
import type { ErrorBody, ErrorCode, ModelCard } from "@/api/types";
import { mayRetryByItself, noteRetry } from "./retryOnce";
import { alternativeOf, fixOf, kindOf, messageOf, quoteOf } from "./words";

function error(code: ErrorCode, more: Partial<ErrorBody> = {}): ErrorBody {
  return {
    code,
    message: "cohere is failing.",
    fix: null,
    field: null,
    variable: null,
    model: "command",
    alternative: null,
    retry_after_s: null,
    provider_said: null,
    since: null,
    ...more,
  };
}

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
    context_tokens: null,
    max_output_tokens: null,
    price: null,
    abilities: { images: false, files: false, tools: false, reasoning: false, json_output: false, temperature: true },
    first_word_ms: null,
    embedded: false,
    is_default: false,
    pinned: false,
    allowed: true,
    ...more,
  };
}

describe("errors", () => {
  it("offer another model first when the provider has no key, no budget or no life", () => {
    expect(kindOf("no_key").remedies[0]).toBe("switch");
    expect(kindOf("budget").remedies[0]).toBe("switch");
    expect(kindOf("provider_down").remedies[0]).toBe("switch");
  });

  it("of a code that this page does not know are shown with a retry", () => {
    // A newer server may send it.
    expect(kindOf("moon_phase" as ErrorCode)).toEqual({ tone: "danger", remedies: ["retry"] });
  });

  it("say since when, once", () => {
    const since = "2026-11-24T13:50:00Z";
    expect(messageOf(error("provider_down", { since }))).toBe(`cohere is failing (since ${formatTime(since)}).`);
    const said = error("provider_down", { since, message: "cohere has been failing since 13:50." });
    expect(messageOf(said)).toBe("cohere has been failing since 13:50.");
  });

  it("say the time as it is here, not in UTC", () => {
    const since = "2026-11-24T13:50:00Z";
    const said = error("provider_down", { since, message: "Cohere has been failing since 13:50 UTC." });
    expect(messageOf(said)).toBe(`Cohere has been failing since ${formatTime(since)}.`);
  });

  it("name the exact variable when the server gave no fix of its own", () => {
    expect(fixOf(error("no_key", { variable: "MISTRAL_API_KEY" }))).toContain("MISTRAL_API_KEY");
    expect(fixOf(error("key_refused", { variable: "OPENAI_API_KEY" }))).toBe("Check OPENAI_API_KEY.");
    expect(fixOf(error("no_key", { fix: "Do this.", variable: "X" }))).toBe("Do this.");
  });

  it("quote a provider only when it was asked", () => {
    const said = { provider_said: "Incorrect API key" };
    expect(quoteOf(error("key_refused", said), "openai")).toEqual({ who: "openai", text: "Incorrect API key" });
    expect(quoteOf(error("no_key", said), "openai")).toBeNull();
    expect(quoteOf(error("key_refused"), "openai")).toBeNull();
  });

  it("offer an alternative only when it is ready, allowed and another model", () => {
    const failed = error("budget", { alternative: "mini" });
    expect(alternativeOf(failed, [card("mini")])?.id).toBe("mini");
    expect(alternativeOf(failed, [card("mini", { state: "no_key" })])).toBeNull();
    expect(alternativeOf(failed, [card("mini", { allowed: false })])).toBeNull();
    expect(alternativeOf(error("budget", { alternative: "command" }), [card("command")])).toBeNull();
    expect(alternativeOf(failed, [])).toBeNull();
  });
});

describe("a rate limit", () => {
  it("is tried again by itself once, and again only when it is an old story", () => {
    const limit = error("rate_limited", { retry_after_s: 8, model: "mini" });
    expect(mayRetryByItself(limit, 0)).toBe(true);
    noteRetry(limit, 8_000);
    expect(mayRetryByItself({ ...limit }, 16_000)).toBe(false);
    expect(mayRetryByItself({ ...limit, model: "other" }, 16_000)).toBe(true);
    expect(mayRetryByItself(limit, 8_000 + 600_001)).toBe(true);
  });

  it("is not tried again by itself when nobody says when, nor is any other error", () => {
    expect(mayRetryByItself(error("rate_limited"), 0)).toBe(false);
    expect(mayRetryByItself(error("timeout", { retry_after_s: 1 }), 0)).toBe(false);
  });
});
