/** Money, tokens and durations as people read them. Money is BigInt nano-dollars throughout: no floats. */

const NANO_PER_DOLLAR = 1_000_000_000n;
const HUNDRED_DOLLARS = 100n * NANO_PER_DOLLAR;
const ONE_CENT = NANO_PER_DOLLAR / 100n;
const SMALLEST_SHOWN = NANO_PER_DOLLAR / 10_000n;
/** Nano-dollars have nine digits behind the point. */
const DIGITS = 9;

const grouped = new Intl.NumberFormat("en-US");

/** `amount` rounded half up to a multiple of `step`. */
function roundTo(amount: bigint, step: bigint): bigint {
  return ((amount + step / 2n) / step) * step;
}

/** Writes dollars with at most `decimals` digits behind the point, and at least two unless the rest says nothing. */
function writeDollars(nano: bigint, decimals: number, least: number): string {
  const rounded = roundTo(nano, 10n ** BigInt(DIGITS - decimals));
  const whole = grouped.format(rounded / NANO_PER_DOLLAR);
  const behind = (rounded % NANO_PER_DOLLAR).toString().padStart(DIGITS, "0").slice(0, decimals);
  const kept = behind.replace(/0+$/, "").padEnd(least, "0");
  return kept === "" ? `$${whole}` : `$${whole}.${kept}`;
}

function magnitude(nano: bigint, tiny = false): string {
  if (nano === 0n) return "$0";
  if (nano < SMALLEST_SHOWN && !tiny) return "< $0.0001";
  if (nano >= HUNDRED_DOLLARS) return writeDollars(nano, 2, 2);
  if (nano >= ONE_CENT) return writeDollars(nano, 4, 2);
  // Two significant digits: $0.0083 has two zeros behind the point and is written with four decimals.
  const decimals = Math.min(DIGITS - nano.toString().length + 2, DIGITS);
  return writeDollars(nano, decimals, 2);
}

export interface MoneyOptions {
  /** False puts "≈" in front: the amount is an estimate until the ledger has it. Default true. */
  settled?: boolean | undefined;
  /** True writes sums below $0.0001 too ("$0.000033"): on an axis "< $0.0001" at every tick says nothing. */
  tiny?: boolean | undefined;
}

/**
 * Nano-dollars (a decimal string, as the API sends them) as text: "$12.40", "$0.0083", "< $0.0001", "≈ $0.0005".
 * Null is "no price", never zero. Raises SyntaxError when the string is not a whole number.
 */
export function formatMoney(nano: string | bigint | null | undefined, options: MoneyOptions = {}): string {
  if (nano === null || nano === undefined) return "no price";
  const amount = BigInt(nano);
  const text = amount < 0n ? `−${magnitude(-amount, options.tiny)}` : magnitude(amount, options.tiny);
  // "< $0.0001" is a bound already.
  return options.settled === false && !text.startsWith("<") ? `≈ ${text}` : text;
}

/** The whole amount, for a bill or a title: every digit that is not a trailing zero ("$0.0083125"). */
export function formatMoneyExact(nano: string | bigint | null | undefined): string {
  if (nano === null || nano === undefined) return "no price";
  const amount = BigInt(nano);
  const text = writeDollars(amount < 0n ? -amount : amount, DIGITS, 2);
  return amount < 0n ? `−${text}` : text;
}

/** The sum of unrounded amounts; null when there is none with a price. */
export function sumMoney(amounts: Iterable<string | null | undefined>): bigint | null {
  let sum: bigint | null = null;
  for (const amount of amounts) {
    if (amount !== null && amount !== undefined) sum = (sum ?? 0n) + BigInt(amount);
  }
  return sum;
}

/** A price of the model list: USD per million tokens as a decimal string, "3.00"; null is "no price". */
export function formatPrice(perMillion: string | null | undefined): string {
  if (perMillion === null || perMillion === undefined) return "no price";
  const [whole = "0", behind = ""] = perMillion.split(".");
  return `${whole}.${behind.replace(/0+$/, "").padEnd(2, "0")}`;
}

function scaled(count: number, unit: number, letter: string): string {
  const value = count / unit;
  const text = value < 100 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value));
  return `${text}${letter}`;
}

/** Tokens: 812, 12.4k, 128k, 3.1M; "–" when unknown. Show `formatTokensExact` on hover and in the accessible name. */
export function formatTokens(count: number | null | undefined): string {
  if (count === null || count === undefined) return "–";
  if (count < 1_000) return String(count);
  if (count < 999_500) return scaled(count, 1_000, "k");
  return scaled(count, 1_000_000, "M");
}

/** "12,391 tokens", "1 token", "unknown". */
export function formatTokensExact(count: number | null | undefined): string {
  if (count === null || count === undefined) return "unknown";
  return count === 1 ? "1 token" : `${grouped.format(count)} tokens`;
}

/** A whole number with thousands separated: 14,212. */
export function formatCount(count: number | bigint): string {
  return grouped.format(count);
}

/** A duration in milliseconds: "85 ms", "0.9 s", "42 s", "2 min 5 s", "3 h 4 min"; "–" when unknown. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 95) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The share of a in b in whole per cent, with the sign of a true minus: "−6 %", "0.7 %"; "–" when b is zero. */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return "–";
  const value = (part / whole) * 100;
  const text = Math.abs(value) < 10 && value !== 0 ? Math.abs(value).toFixed(1) : Math.abs(value).toFixed(0);
  return `${value < 0 ? "−" : ""}${text.replace(/\.0$/, "")} %`;
}

/** Bytes of a file: "812 B", "12.4 kB", "3.1 MB" (powers of ten). */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 999_500) return `${scaled(bytes, 1_000, " kB")}`;
  return scaled(bytes, 1_000_000, " MB");
}
