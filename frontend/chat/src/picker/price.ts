import type { ModelCard } from "@/api/types";
import { formatPrice } from "@trunkline/kit/format";

/** A decimal of dollars, "0.25", as nano-dollars. Digits beyond the ninth are cut. */
function nanoDollars(decimal: string): bigint {
  const [whole = "0", behind = ""] = decimal.split(".");
  return BigInt(whole) * 1_000_000_000n + BigInt(behind.slice(0, 9).padEnd(9, "0"));
}

/** Cost in nano-dollars of tokens at a price for a million; rounded half up. */
function costOf(perMillion: string, tokens: number): bigint {
  return (nanoDollars(perMillion) * BigInt(tokens) + 500_000n) / 1_000_000n;
}

/** What a message of so many tokens costs with this model, before its answer; null without a price. */
export function inputCost(model: ModelCard, tokens: number): bigint | null {
  return model.price === null ? null : costOf(model.price.input_per_mtok, tokens);
}

/** "3.00 / 15.00": dollars a million tokens in and out. */
export function priceText(model: ModelCard): string {
  if (model.price === null) return "no price";
  return `${formatPrice(model.price.input_per_mtok)} / ${formatPrice(model.price.output_per_mtok)}`;
}

/** The same for a screen reader. */
export function priceWords(model: ModelCard): string {
  if (model.price === null) return "no price known";
  const { input_per_mtok: input, output_per_mtok: output } = model.price;
  return `$${formatPrice(input)} in and $${formatPrice(output)} out for a million tokens`;
}
