import fc from "fast-check";
import { expect, test } from "vitest";
import { change, nano, pico } from "./money.ts";

const written = (amount: bigint): string =>
  `${amount / 10n ** 12n}.${(amount % 10n ** 12n).toString().padStart(12, "0")}`.replace(/\.?0+$/, "");

test("USD in a string keeps every digit of a pico-dollar", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (amount) => {
      expect(pico(written(amount))).toBe(amount);
    }),
  );
});

test("nano-dollars are the nearest, and never nothing for something", () => {
  expect([nano("0"), nano("0.000000000001"), nano("0.0000000015"), nano("12.5"), nano("-0.000000002")]).toEqual([
    0n,
    1n,
    2n,
    12_500_000_000n,
    -2n,
  ]);
});

test("a change is in per cent, a multiple where that says more, and nothing against nothing", () => {
  expect([change(106n, 100n), change(88n, 100n), change(1_001n, 1_000n), change(1_200n, 100n), change(5n, 0n)]).toEqual(
    ["+6 %", "−12 %", "+0.1 %", "12 ×", null],
  );
});
