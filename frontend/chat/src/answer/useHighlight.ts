import { useEffect, useState } from "react";
import type { Token } from "./highlight";

/** A fence longer than this stays plain until it is closed. */
const PLAIN_OVER_LINES = 400;

/** The coloured lines of a piece of code, or null while there are none: then the plain text is shown in the same place. */
export function useHighlight(code: string, language: string, isIncomplete: boolean): Token[][] | null {
  const [coloured, setColoured] = useState<{ code: string; lines: Token[][] } | null>(null);
  const tooLong = isIncomplete && code.length > PLAIN_OVER_LINES && code.split("\n").length > PLAIN_OVER_LINES;
  useEffect(() => {
    if (language === "" || tooLong) return;
    let wanted = true;
    const show = (lines: Token[][]): void => {
      if (wanted) setColoured({ code, lines });
    };
    void import("./highlight").then(({ highlight }) => {
      const known = wanted ? highlight(code, language, isIncomplete, show) : null;
      if (known) show(known);
    });
    return () => {
      wanted = false;
    };
  }, [code, language, isIncomplete, tooLong]);
  if (coloured === null) return null;
  if (coloured.code === code) return coloured.lines;
  // More has come since: keep the colours of what is unchanged and show the rest plain, rather than flicker.
  return code.startsWith(coloured.code) ? withPlainRest(coloured.lines, coloured.code, code) : null;
}

function withPlainRest(lines: Token[][], known: string, code: string): Token[][] {
  const [first = "", ...further] = code.slice(known.length).split("\n");
  const plain = (content: string): Token => ({ content, colour: undefined });
  const last = lines.at(-1) ?? [];
  return [...lines.slice(0, -1), [...last, plain(first)], ...further.map((line) => [plain(line)])];
}
