import { describe, expect, it } from "vitest";
import { isCounted } from "./counted.ts";

const receipt = { usage: { input: null, output: null }, cost_nano: null, settled: true, timing: {} };

describe("a receipt counts", () => {
  it("nothing for a call that was never answered, whether its figures are missing or zero", () => {
    expect(isCounted(receipt)).toBe(false);
    expect(isCounted({ ...receipt, usage: { input: 0, output: 0 }, cost_nano: "0" })).toBe(false);
  });

  it("tokens that cost nothing, and a cost without tokens", () => {
    expect(isCounted({ ...receipt, usage: { input: 12, output: 0 }, cost_nano: "0" })).toBe(true);
    expect(isCounted({ ...receipt, cost_nano: "40000000" })).toBe(true);
  });
});
