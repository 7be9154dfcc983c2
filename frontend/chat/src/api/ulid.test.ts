import { describe, expect, it } from "vitest";
import { makeUlid } from "./ulid";

describe("makeUlid", () => {
  it("makes 26 characters that the API takes", () => {
    expect(makeUlid()).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  });

  it("sorts by the time of making", () => {
    expect(makeUlid(1_000) < makeUlid(1_001)).toBe(true);
    expect(makeUlid(Date.UTC(2026, 10, 24)).slice(0, 10)).toBe(makeUlid(Date.UTC(2026, 10, 24)).slice(0, 10));
  });

  it("is never the same twice", () => {
    expect(new Set(Array.from({ length: 1_000 }, () => makeUlid(5))).size).toBe(1_000);
  });
});
