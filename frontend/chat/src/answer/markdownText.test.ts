import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocksWhileWriting } from "./blocks";
import { dollarDelimiters, mayHaveMath } from "./mathDelimiters";

const bare = (text: string): string => text.replaceAll(/\s/g, "");

describe("blocksWhileWriting", () => {
  it("keeps an answer with a footnote in many blocks", () => {
    const text = "One[^1].\n\nTwo.\n\nThree.\n\n[^1]: Note.\n\nFour.";
    expect(blocksWhileWriting(text).length).toBeGreaterThan(3);
  });

  it("loses nothing but the kind of a space", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", " ", "\n\n", "[^1]", "[^1]: ", "**", "`", "- ", "> ", "# ")),
        (parts) => {
          const text = parts.join("");
          expect(bare(blocksWhileWriting(text).join(""))).toBe(bare(text));
        },
      ),
    );
  });
});

describe("dollarDelimiters", () => {
  it("writes TeX's delimiters as dollars", () => {
    expect(dollarDelimiters("so \\(a^2\\) is")).toBe("so $$a^2$$ is");
    expect(dollarDelimiters("\\[ a \\]")).toBe("\n$$\na\n$$\n");
  });

  it("leaves code as it is", () => {
    const code = "`\\(a\\)` and\n```tex\n\\[ a \\]\n```\n";
    expect(dollarDelimiters(code)).toBe(code);
  });

  it("is asked for only where a formula may be", () => {
    expect(mayHaveMath("It costs $5 and $6.")).toBe(false);
    expect(mayHaveMath("$$a$$")).toBe(true);
  });
});
