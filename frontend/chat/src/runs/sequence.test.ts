import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reconnectDelay, sequence } from "./sequence";

/** What a reader has when a server that sends `ids` in any order is asked again after every gap. */
function read(ids: number[], total: number): number[] {
  const taken: number[] = [];
  let last = 0;
  const take = (id: number): boolean => {
    const verdict = sequence(last, id);
    if (verdict === "take") {
      taken.push(id);
      last = id;
    }
    return verdict !== "gap";
  };
  for (const id of ids) if (!take(id)) for (let next = last + 1; next <= total; next += 1) take(next);
  for (let next = last + 1; next <= total; next += 1) take(next);
  return taken;
}

describe("sequence", () => {
  it("gives every event once and in order, whatever was doubled, lost or out of order", () => {
    const ids = fc
      .integer({ min: 1, max: 40 })
      .chain((total) => fc.tuple(fc.constant(total), fc.array(fc.integer({ min: 1, max: total }))));
    fc.assert(
      fc.property(ids, ([total, sent]) => {
        expect(read(sent, total)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
      }),
    );
  });

  it("takes what has no id, since it can be no repetition", () => {
    expect(sequence(7, Number.NaN)).toBe("take");
    expect(sequence(7, 0)).toBe("take");
  });
});

describe("reconnectDelay", () => {
  it("grows from half a second to eight, never at once and never longer", () => {
    expect(reconnectDelay(1, 0)).toBe(250);
    expect(reconnectDelay(1, 0.999)).toBeLessThan(500);
    expect(reconnectDelay(5, 0)).toBe(4_000);
    expect(reconnectDelay(50, 0.999)).toBeLessThan(8_000);
  });
});
