import { formatCount } from "@trunkline/kit/format";

/** "1 call", "1,204 calls". */
export function counted(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** That figures lack something, because nobody knows what some calls cost. */
export function unpriced(count: number): string {
  return `${counted(count, "call")} of models without a price: the spend here lacks ${count === 1 ? "it" : "them"}.`;
}
