const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;

/** Milliseconds to wait before the `attempt`-th try in a row (from 1); `random` is in [0, 1). */
export function reconnectDelay(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}

/** What to do with an event of id `id` when `last` was the last one taken. Ids are dense, so a gap is a loss. */
export function sequence(last: number, id: number): "take" | "known" | "gap" {
  if (!Number.isSafeInteger(id) || id <= 0) return "take";
  if (id <= last) return "known";
  return id === last + 1 ? "take" : "gap";
}
