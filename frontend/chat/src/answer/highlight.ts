import { createCodePlugin, type HighlightResult } from "@streamdown/code";
import { CODE_THEME } from "./codeTheme";

const plugin = createCodePlugin({ themes: [CODE_THEME, CODE_THEME] });

/** One run of characters of one colour. */
export interface Token {
  content: string;
  colour: string | undefined;
}

/** Lines of coloured tokens; at once when they are known, else by `later`. Unknown languages stay plain. */
export function highlight(
  code: string,
  language: string,
  isIncomplete: boolean,
  later: (lines: Token[][]) => void,
): Token[][] | null {
  if (!plugin.supportsLanguage(language as Parameters<typeof plugin.supportsLanguage>[0])) return null; // a wish of the model
  const options = { code, language: language as Parameters<typeof plugin.supportsLanguage>[0], isIncomplete };
  const known = plugin.highlight({ ...options, themes: [CODE_THEME, CODE_THEME] }, (result) => later(toLines(result)));
  return known && toLines(known);
}

const lines = new WeakMap<HighlightResult, Token[][]>();

function toLines(result: HighlightResult): Token[][] {
  const known = lines.get(result);
  if (known) return known;
  const fresh = result.tokens.map((line) =>
    line.map((token) => ({ content: token.content, colour: token.htmlStyle?.["color"] ?? token.color })),
  );
  lines.set(result, fresh);
  return fresh;
}
