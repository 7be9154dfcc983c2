import { describe, expect, it } from "vitest";
import { message } from "../testing/message";
import { findMatches } from "./search";

const row = (id: string, content: string) =>
  ({ kind: "message", key: id, message: message({ id, role: "user", content }), versions: [id] }) as const;

describe("findMatches", () => {
  const rows = [row("1", "A key is a Key."), row("2", "nothing"), row("3", "keys")];

  it("counts every place in the order of the thread, whatever its case", () => {
    expect(findMatches(rows, "KEY")).toEqual([
      { key: "1", nth: 0 },
      { key: "1", nth: 1 },
      { key: "3", nth: 0 },
    ]);
  });

  it("finds nothing for nothing", () => {
    expect(findMatches(rows, "  ")).toEqual([]);
  });
});
