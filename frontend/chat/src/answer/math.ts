import { createMathPlugin } from "@streamdown/math";
import rehypeKatex from "rehype-katex";

const plugin = createMathPlugin();

/**
 * Formulas between double dollars; a chunk of its own. As MathML, which browsers draw themselves: KaTeX's HTML comes
 * with style attributes, which the page's policy forbids, and with 60 font files.
 */
export const math: typeof plugin = {
  ...plugin,
  rehypePlugin: [rehypeKatex, { output: "mathml", errorColor: "var(--danger)" }],
};
