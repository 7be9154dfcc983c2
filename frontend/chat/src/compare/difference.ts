import { diffArrays } from "diff";

/** A run of text that both have, only the pinned answer has, or only the other has. */
export interface DiffPart {
  kind: "same" | "removed" | "added";
  text: string;
}

const FENCE = /^\s*(```|~~~)/;

/** Words with the space behind them, and whole lines inside code: a changed line of code is a changed line. */
export function tokens(text: string): string[] {
  const found: string[] = [];
  let inCode = false;
  for (const line of text.split(/(?<=\n)/)) {
    const fence = FENCE.test(line);
    if (inCode || fence) found.push(line);
    else found.push(...(line.match(/\S+\s*|\s+/g) ?? []));
    if (fence) inCode = !inCode;
  }
  return found;
}

/** How `other` differs from `pinned`: the removed and added parts in reading order. */
export function difference(pinned: string, other: string): DiffPart[] {
  return diffArrays(tokens(pinned), tokens(other)).map((change) => ({
    kind: change.added ? "added" : change.removed ? "removed" : "same",
    text: change.value.join(""),
  }));
}

/** "212 words the same, 30 only here, 12 only in A" as numbers, without the space between words. */
export function countWords(parts: readonly DiffPart[]): Record<DiffPart["kind"], number> {
  const counts = { same: 0, removed: 0, added: 0 };
  for (const { kind, text } of parts) counts[kind] += text.match(/\S+/g)?.length ?? 0;
  return counts;
}
