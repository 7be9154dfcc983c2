/** Whether a text may hold formulas: only then is the renderer (73 KB) fetched. */
export function mayHaveMath(text: string): boolean {
  return text.includes("$$") || text.includes("\\(") || text.includes("\\[");
}

const CODE = /(```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`)/;

/** Writes TeX's own delimiters, which most models use, as the dollars that Markdown knows. Code stays as it is. */
export function dollarDelimiters(text: string): string {
  if (!text.includes("\\(") && !text.includes("\\[")) return text;
  return text
    .split(CODE)
    .map((part, index) => (index % 2 === 1 ? part : replaceDelimiters(part)))
    .join("");
}

function replaceDelimiters(text: string): string {
  return text
    .replaceAll(/\\\[([\s\S]+?)\\\]/g, (_, formula: string) => `\n$$\n${formula.trim()}\n$$\n`)
    .replaceAll(/\\\(([^\n]+?)\\\)/g, (_, formula: string) => `$$${formula.trim()}$$`);
}
