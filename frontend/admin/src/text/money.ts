/** The gateway's money is USD as a decimal in a string, exact to 12 digits; the kit writes BigInt nano-dollars. */

const PICO_DIGITS = 12;
const PICO_PER_NANO = 1_000n;

/** USD as pico-dollars. @throws SyntaxError when the text is no decimal number. */
export function pico(usd: string): bigint {
  const negative = usd.startsWith("-");
  const [whole = "0", behind = ""] = usd.replace("-", "").split(".");
  const amount = BigInt(whole + behind.slice(0, PICO_DIGITS).padEnd(PICO_DIGITS, "0"));
  return negative ? -amount : amount;
}

/** USD as nano-dollars, rounded half up, and never to zero what is not zero. */
export function nano(usd: string): bigint {
  const exact = pico(usd);
  const magnitude = exact < 0n ? -exact : exact;
  const rounded = (magnitude + PICO_PER_NANO / 2n) / PICO_PER_NANO;
  const kept = rounded === 0n && magnitude > 0n ? 1n : rounded;
  return exact < 0n ? -kept : kept;
}

/** The same for a price that may be unknown. */
export function nanoOrNull(usd: string | null): string | null {
  return usd === null ? null : nano(usd).toString();
}

/** How much `now` is above `before`, in whole per cent: "+6 %", "−12 %"; null when there is nothing to compare with. */
export function change(now: bigint, before: bigint): string | null {
  if (before === 0n) return null;
  const percent = ((now - before) * 1_000n) / before;
  const value = Number(percent) / 10;
  const size = Math.abs(value);
  if (size >= 1_000) return `${(size / 100 + 1).toFixed(0)} ×`;
  const sign = value < 0 ? "−" : "+";
  return `${sign}${size < 10 && size % 1 !== 0 ? size.toFixed(1) : size.toFixed(0)} %`;
}
