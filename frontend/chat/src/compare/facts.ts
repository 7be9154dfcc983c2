import type { Receipt } from "@/api/types";
import { formatDuration } from "@trunkline/kit/format";

/** What was measured of one column so far. */
export interface Measured {
  letter: string;
  receipt: Receipt | null;
}

interface Ranked {
  letter: string;
  value: number;
}

/** The smallest and the largest of a figure, where at least two columns have it and they differ. */
function ends(columns: readonly Measured[], figure: (receipt: Receipt) => number | null): [Ranked, Ranked] | null {
  const known = columns.flatMap(({ letter, receipt }) => {
    const value = receipt === null ? null : figure(receipt);
    return value === null ? [] : [{ letter, value }];
  });
  const sorted = known.toSorted((a, b) => a.value - b.value);
  const [low, high] = [sorted[0], sorted.at(-1)];
  return low === undefined || high === undefined || low.value === high.value ? null : [low, high];
}

/** One measured difference: `letter` did this, compared with `other` (null: with nobody, as "costs nothing"). */
interface Fact {
  letter: string;
  did: string;
  other: string | null;
}

function costFact(columns: readonly Measured[]): Fact | null {
  // As a number it is exact to 9 million dollars, and only the share is told.
  const found = ends(columns, (receipt) => (receipt.cost_nano === null ? null : Number(receipt.cost_nano)));
  if (found === null) return null;
  const [low, high] = found;
  const share = Math.floor((1 - low.value / high.value) * 100);
  if (low.value === 0) return { letter: low.letter, did: "costs nothing", other: null };
  return share < 1 ? null : { letter: low.letter, did: `costs ${share} % less`, other: high.letter };
}

function timeFact(columns: readonly Measured[], did: string, figure: (receipt: Receipt) => number | null): Fact | null {
  const found = ends(columns, figure);
  if (found === null) return null;
  const [low, high] = found;
  return { letter: low.letter, did: `${did} ${formatDuration(high.value - low.value)} sooner`, other: high.letter };
}

/** "B costs 94 % less than A, began 0.3 s sooner and was done 3.1 s sooner": who and than whom are said when they change. */
function phrase(fact: Fact, before: Fact | undefined): string {
  const who = before?.letter === fact.letter ? "" : `${fact.letter} `;
  const than = fact.other === null || (who === "" && before?.other === fact.other) ? "" : ` than ${fact.other}`;
  return `${who}${fact.did}${than}`;
}

/** One sentence with what was measured, never with what is better; null while there is nothing to compare. */
export function factsOf(columns: readonly Measured[], isRunning: boolean): string | null {
  const facts = [
    costFact(columns),
    timeFact(columns, "began", (receipt) => receipt.timing.first_word_ms),
    isRunning ? null : timeFact(columns, "was done", (receipt) => receipt.timing.total_ms),
  ].filter((fact) => fact !== null);
  if (facts.length === 0) return null;
  const said = facts.map((fact, index) => phrase(fact, facts[index - 1]));
  const list = said.length < 3 ? said.join(" and ") : `${said.slice(0, -1).join(", ")} and ${said.at(-1)}`;
  return `${isRunning ? "So far " : ""}${list}. Tokens are each model’s own count.`;
}
