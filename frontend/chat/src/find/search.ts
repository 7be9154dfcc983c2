import type { Row } from "@/thread/rows";

/** Rows whose text holds the words, in the order of the thread, one entry a match: `nth` counts within the row. */
export interface Match {
  key: string;
  nth: number;
}

/** Folds what a searcher does not care about. The length stays that of the text wherever it can. */
const fold = (text: string): string => text.toLocaleLowerCase();

/** Every place where `words` stands in the messages, also in those that are not on the page. */
export function findMatches(rows: readonly Row[], words: string): Match[] {
  const wanted = fold(words.trim());
  if (wanted === "") return [];
  const matches: Match[] = [];
  for (const row of rows) {
    if (row.kind !== "message") continue;
    const text = fold(row.message.content);
    let nth = 0;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      matches.push({ key: row.key, nth });
      nth += 1;
    }
  }
  return matches;
}

/** The places of `words` in the text of an element, as ranges to be painted. A match may run over several nodes. */
export function rangesIn(element: Element, words: string): Range[] {
  const wanted = fold(words.trim());
  if (wanted === "") return [];
  const nodes: Text[] = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (node instanceof Text) nodes.push(node);
  const whole = fold(nodes.map((node) => node.data).join(""));
  const ranges: Range[] = [];
  for (let at = whole.indexOf(wanted); at >= 0; at = whole.indexOf(wanted, at + wanted.length)) {
    const range = rangeAt(nodes, at, at + wanted.length);
    if (range) ranges.push(range);
  }
  return ranges;
}

function rangeAt(nodes: readonly Text[], start: number, end: number): Range | null {
  const range = document.createRange();
  let before = 0;
  let isOpen = false;
  for (const node of nodes) {
    const after = before + node.data.length;
    if (!isOpen && start < after) {
      range.setStart(node, start - before);
      isOpen = true;
    }
    if (isOpen && end <= after) {
      range.setEnd(node, end - before);
      return range;
    }
    before = after;
  }
  return null;
}
