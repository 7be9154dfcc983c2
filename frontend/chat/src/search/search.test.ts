import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMANDS, findCommands } from "./commands";
import { marked } from "./marked";

describe("a snippet", () => {
  it("is cut at its hits", () => {
    expect(marked("the refund policy", [[4, 10]])).toEqual([
      { text: "the ", hit: false },
      { text: "refund", hit: true },
      { text: " policy", hit: false },
    ]);
  });

  it("keeps its whole text whatever the ranges are", () => {
    const range = fc.tuple(fc.integer({ min: -2, max: 40 }), fc.integer({ min: -2, max: 40 }));
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.array(range), (snippet, ranges) => {
        expect(
          marked(snippet, ranges)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(snippet);
      }),
    );
  });
});

describe("commands", () => {
  it("are found by every word, in their name or beside it", () => {
    expect(findCommands("dark").map((command) => command.label)).toEqual(["Dark theme"]);
    expect(findCommands("spend").map((command) => command.label)).toEqual(["Usage"]);
    expect(findCommands("dark usage")).toEqual([]);
    expect(findCommands("")).toHaveLength(COMMANDS.length);
  });
});
