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

function costFact(columns: readonly Measured[]): string | null {
  // As a number it is exact to 9 million dollars, and only the share is told.
  const found = ends(columns, (receipt) => (receipt.cost_nano === null ? null : Number(receipt.cost_nano)));
  if (found === null) return null;
  const [low, high] = found;
  const share = Math.floor((1 - low.value / high.value) * 100);
  if (low.value === 0) return `${low.letter} costs nothing`;
  return share < 1 ? null : `${low.letter} costs ${share} % less than ${high.letter}`;
}

function beginFact(columns: readonly Measured[]): string | null {
  const found = ends(columns, (receipt) => receipt.timing.first_word_ms);
  if (found === null) return null;
  const [low, high] = found;
  return `${low.letter} began ${formatDuration(high.value - low.value)} sooner than ${high.letter}`;
}

function lengthFact(columns: readonly Measured[]): string | null {
  const found = ends(columns, (receipt) => receipt.timing.total_ms);
  if (found === null) return null;
  const [low, high] = found;
  return `${low.letter} was done ${formatDuration(high.value - low.value)} before ${high.letter}`;
}

/** One sentence with what was measured, never with what is better; null while there is nothing to compare. */
export function factsOf(columns: readonly Measured[], isRunning: boolean): string | null {
  const facts = [costFact(columns), beginFact(columns), isRunning ? null : lengthFact(columns)];
  const said = facts.filter((fact) => fact !== null);
  if (said.length === 0) return null;
  const list = said.length < 3 ? said.join(" and ") : `${said.slice(0, -1).join(", ")} and ${said.at(-1)}`;
  return `${isRunning ? "So far " : ""}${list}. Tokens are each model's own count.`;
}
