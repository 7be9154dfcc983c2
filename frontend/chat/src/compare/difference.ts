import { diffArrays } from "diff";

/** A run of text that both have, only the pinned answer has, or only the other has. */
export interface DiffPart {
  kind: "same" | "removed" | "added";
  text: string;
  /** Inside a code fence. */
  code: boolean;
}

export interface Token {
  text: string;
  code: boolean;
}

const FENCE = /^\s*(```|~~~)/;

/** Words with the space behind them, and whole lines inside code: a changed line of code is a changed line. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let inCode = false;
  for (const line of text.split(/(?<=\n)/)) {
    const fence = FENCE.test(line);
    if (inCode || fence) found.push({ text: line, code: true });
    else for (const word of line.match(/\S+\s*|\s+/g) ?? []) found.push({ text: word, code: false });
    if (fence) inCode = !inCode;
  }
  return found;
}

/** Neighbours of one kind as one run. */
function runs(kind: DiffPart["kind"], changed: readonly Token[]): DiffPart[] {
  const parts: DiffPart[] = [];
  for (const { text, code } of changed) {
    const last = parts.at(-1);
    if (last?.code === code) last.text += text;
    else parts.push({ kind, text, code });
  }
  return parts;
}

/** How `other` differs from `pinned`: the removed and added parts in reading order. */
export function difference(pinned: string, other: string): DiffPart[] {
  const changes = diffArrays(tokens(pinned), tokens(other), {
    comparator: (a, b) => a.text === b.text && a.code === b.code,
  });
  return changes.flatMap((change) => runs(change.added ? "added" : change.removed ? "removed" : "same", change.value));
}

/** Words of each kind, without the space between them. */
export function countWords(parts: readonly DiffPart[]): Record<DiffPart["kind"], number> {
  const counts = { same: 0, removed: 0, added: 0 };
  for (const { kind, text } of parts) counts[kind] += text.match(/\S+/g)?.length ?? 0;
  return counts;
}
