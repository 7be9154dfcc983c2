import { expect, test } from "vitest";
import { boundsOf, rangeOf } from "./range.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

test("a range that cannot be read is the last day in the browser's zone", () => {
  const range = rangeOf({ last: "for ever", from: "soon", to: "later", zone: "Mars/Olympus" });
  expect(range).toEqual({ last: "24h", zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
});

test("two instants win over the last so much, if they are in order", () => {
  const pair = { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z", zone: "Asia/Kolkata" };
  expect(rangeOf({ ...pair, last: "7d" })).toEqual({ ...pair, last: "7d" });
  expect(rangeOf({ ...pair, to: pair.from })).toEqual({ last: "24h", zone: "Asia/Kolkata" });
});

test("the stretch before ends where this one begins", () => {
  const range = rangeOf({ last: "7d", zone: "UTC" });
  expect(boundsOf(range, 1, NOW).to).toBe(boundsOf(range, 0, NOW).from);
  expect(boundsOf(range, 0, NOW)).toEqual({
    from: "2026-11-17T12:00:00.000Z",
    to: "2026-11-24T12:00:00.000Z",
    zone: "UTC",
  });
});
