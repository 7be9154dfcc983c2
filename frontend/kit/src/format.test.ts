import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatMoney,
  formatMoneyExact,
  formatPercent,
  formatPrice,
  formatTokens,
  sumMoney,
} from "./format.ts";

const nano = fc.bigInt({ min: 0n, max: 10n ** 16n });

/** The nano-dollars that a text such as "$1,234.50" says. */
function read(text: string): bigint {
  const [whole = "", behind = ""] = text.replace(/[≈$,\s]/g, "").split(".");
  return BigInt(whole) * 10n ** 9n + BigInt(behind.padEnd(9, "0"));
}

describe("money", () => {
  it.each([
    ["0", "$0"],
    ["1", "< $0.0001"],
    ["99999", "< $0.0001"],
    ["100000", "$0.0001"],
    ["123456", "$0.00012"],
    ["500000", "$0.0005"],
    ["8300000", "$0.0083"],
    ["9990000", "$0.01"],
    ["10000000", "$0.01"],
    ["31000000", "$0.031"],
    ["41256700", "$0.0413"],
    ["12400000000", "$12.40"],
    ["99999990000", "$100.00"],
    ["1234567890000", "$1,234.57"],
    ["-8300000", "−$0.0083"],
  ])("writes %s nano-dollars as %s", (amount, text) => {
    expect(formatMoney(amount)).toBe(text);
  });

  it.each([
    ["1", "$0.000000001"],
    ["33333", "$0.000033"],
    ["66666", "$0.000067"],
    ["8300000", "$0.0083"],
    ["0", "$0"],
  ])("writes %s nano-dollars at an axis as %s", (amount, text) => {
    expect(formatMoney(amount, { tiny: true })).toBe(text);
  });

  it("says that there is no price, instead of zero", () => {
    expect(formatMoney(null)).toBe("no price");
    expect(formatMoney(undefined, { settled: false })).toBe("no price");
    expect(formatMoneyExact(null)).toBe("no price");
  });

  it("marks an amount that the ledger does not have yet", () => {
    expect(formatMoney("500000", { settled: false })).toBe("≈ $0.0005");
    expect(formatMoney("500", { settled: false })).toBe("< $0.0001");
  });

  it("refuses what is not a whole number of nano-dollars", () => {
    expect(() => formatMoney("0.5")).toThrow(SyntaxError);
  });

  it("never shows an amount that is not zero as zero", () => {
    fc.assert(
      fc.property(nano, (amount) => {
        const text = formatMoney(amount);
        expect(/^\$0(\.0+)?$/.test(text)).toBe(amount === 0n);
      }),
    );
  });

  it("is never further from the amount than half of its last digit", () => {
    fc.assert(
      fc.property(nano, (amount) => {
        const text = formatMoney(amount);
        fc.pre(!text.startsWith("<"));
        const off = read(text) - amount;
        const digits = amount >= 10n ** 11n ? 2 : amount >= 10n ** 7n ? 4 : 11 - amount.toString().length;
        const half = 10n ** BigInt(Math.max(9 - digits, 0)) / 2n;
        expect(off < 0n ? -off : off).toBeLessThanOrEqual(half);
      }),
    );
  });

  it("gives the exact amount back to the nano-dollar in the exact form", () => {
    fc.assert(
      fc.property(nano, (amount) => {
        expect(read(formatMoneyExact(amount))).toBe(amount);
      }),
    );
  });

  it("does not order two amounts the wrong way round", () => {
    fc.assert(
      fc.property(nano, nano, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const [lowText, highText] = [formatMoney(low), formatMoney(high)];
        fc.pre(!lowText.startsWith("<") && !highText.startsWith("<"));
        expect(read(lowText) <= read(highText)).toBe(true);
      }),
    );
  });

  it("sums amounts unrounded and leaves out those without a price", () => {
    fc.assert(
      fc.property(fc.array(fc.option(nano)), (amounts) => {
        const known = amounts.filter((amount) => amount !== null);
        const expected = known.length === 0 ? null : known.reduce((sum, amount) => sum + amount, 0n);
        expect(sumMoney(amounts.map((amount) => amount?.toString() ?? null))).toBe(expected);
      }),
    );
  });

  it("writes prices with at least two decimals and every digit that counts", () => {
    expect(formatPrice("3")).toBe("3.00");
    expect(formatPrice("0.25")).toBe("0.25");
    expect(formatPrice("0.0750")).toBe("0.075");
    expect(formatPrice(null)).toBe("no price");
  });
});

describe("tokens", () => {
  it.each([
    [0, "0"],
    [812, "812"],
    [1_000, "1k"],
    [12_391, "12.4k"],
    [99_960, "100k"],
    [128_000, "128k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [3_100_000, "3.1M"],
    [null, "–"],
  ])("writes %s as %s", (count, text) => {
    expect(formatTokens(count)).toBe(text);
  });

  it("is never longer than five letters below a thousand million", () => {
    fc.assert(
      fc.property(fc.nat(999_499_999), (count) => {
        expect(formatTokens(count).length).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe("durations, shares and sizes", () => {
  it.each([
    [4, "4 ms"],
    [180, "0.2 s"],
    [940, "0.9 s"],
    [6_204, "6.2 s"],
    [9_960, "10 s"],
    [42_000, "42 s"],
    [125_000, "2 min 5 s"],
    [11_040_000, "3 h 4 min"],
    [null, "–"],
  ])("writes %s ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("writes shares with a true minus and without a needless decimal", () => {
    expect(formatPercent(-6, 100)).toBe("−6 %");
    expect(formatPercent(7, 1_000)).toBe("0.7 %");
    expect(formatPercent(94, 100)).toBe("94 %");
    expect(formatPercent(1, 0)).toBe("–");
  });

  it("writes sizes in powers of ten", () => {
    expect(formatBytes(812)).toBe("812 B");
    expect(formatBytes(12_400)).toBe("12.4 kB");
    expect(formatBytes(3_100_000)).toBe("3.1 MB");
  });
});
