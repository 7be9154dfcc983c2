import { parseMarkdownIntoBlocks } from "streamdown";

// A private character of the same width, so that no place in the text moves.
const HIDDEN = "\uE000^";

/**
 * Blocks of an answer that is being written. One footnote would make the whole answer a single block, which is then
 * parsed again for every token; so footnotes are text until the answer is whole.
 */
export function blocksWhileWriting(markdown: string): string[] {
  if (!markdown.includes("[^")) return parseMarkdownIntoBlocks(markdown);
  return parseMarkdownIntoBlocks(markdown.replaceAll("[^", HIDDEN)).map((block) => block.replaceAll(HIDDEN, "[^"));
}

export { parseMarkdownIntoBlocks as blocksWhenDone } from "streamdown";
