import type { ReceiptData } from "./types.ts";

/** Whether a call used anything: one that failed before it was answered has no tokens and no cost, not zero of them. */
export function isCounted({ usage, cost_nano }: ReceiptData): boolean {
  if (usage.input || usage.output) return true;
  return cost_nano !== null && cost_nano !== undefined && BigInt(cost_nano) !== 0n;
}
