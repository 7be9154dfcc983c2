import type { ModelCard } from "@/api/types";
import { isReady } from "./state";

/** What the list is narrowed to, besides the words typed. */
export interface Filters {
  images: boolean;
  tools: boolean;
  /** At most one dollar a million tokens in. */
  cheap: boolean;
  ready: boolean;
}

export const NO_FILTERS: Filters = { images: false, tools: false, cheap: false, ready: false };

const CHEAP_USD = 1;

type Ability = keyof ModelCard["abilities"];

/** Words that stand for an ability. */
const ABILITY_WORDS: Record<string, Ability> = {
  image: "images",
  images: "images",
  vision: "images",
  file: "files",
  files: "files",
  pdf: "files",
  tool: "tools",
  tools: "tools",
  functions: "tools",
  reasoning: "reasoning",
  thinking: "reasoning",
  json: "json_output",
};

/** "<2", "≤1", "<=0.5/m": the most dollars a million tokens in may cost; null for any other word. */
function priceWord(word: string): number | null {
  const found = /^(?:<=?|≤)\$?(\d+(?:\.\d+)?)(?:\/m)?$/.exec(word);
  return found?.[1] === undefined ? null : Number(found[1]);
}

function inputPrice(model: ModelCard): number {
  return model.price === null ? Number.POSITIVE_INFINITY : Number(model.price.input_per_mtok);
}

function matchesWord(model: ModelCard, word: string): boolean {
  const most = priceWord(word);
  if (most !== null) return inputPrice(model) <= most;
  const text = `${model.name} ${model.id} ${model.provider} ${model.group_of.join(" ")}`.toLowerCase();
  if (text.includes(word)) return true;
  const ability = ABILITY_WORDS[word];
  return ability !== undefined && model.abilities[ability];
}

/** Whether a model has every word that was typed (name, provider, ability or price) and passes the filters. */
export function matches(model: ModelCard, query: string, filters: Filters): boolean {
  if (filters.images && !model.abilities.images) return false;
  if (filters.tools && !model.abilities.tools) return false;
  if (filters.cheap && inputPrice(model) > CHEAP_USD) return false;
  if (filters.ready && !isReady(model)) return false;
  // "<= 1" is one word: the sign and its number belong together.
  const words = query
    .toLowerCase()
    .replace(/(<=?|≤)\s+/g, "$1")
    .split(/\s+/);
  return words.every((word) => word === "" || matchesWord(model, word));
}

export interface Group {
  key: "pinned" | "ready" | "not_now";
  label: string;
  models: ModelCard[];
}

/** The models in the groups of the picker; empty groups are left out. A pinned model stands only under PINNED. */
export function group(models: readonly ModelCard[], query: string, filters: Filters): Group[] {
  const found = models.filter((model) => matches(model, query, filters));
  const byName = (a: ModelCard, b: ModelCard): number =>
    rank(a, query) - rank(b, query) || a.name.localeCompare(b.name, "en", { numeric: true });
  const pinned = found.filter((model) => model.pinned);
  const rest = found.filter((model) => !model.pinned);
  const groups: Group[] = [
    { key: "pinned", label: "Pinned", models: pinned },
    { key: "ready", label: "Ready", models: rest.filter(isReady) },
    { key: "not_now", label: "Not now", models: rest.filter((model) => !isReady(model)) },
  ];
  for (const one of groups) one.models.sort(byName);
  return groups.filter((one) => one.models.length > 0);
}

/** Names that begin with what was typed come first, the default model before all when nothing was typed. */
function rank(model: ModelCard, query: string): number {
  const typed = query.trim().toLowerCase();
  if (typed === "") return model.is_default ? 0 : 1;
  return model.name.toLowerCase().startsWith(typed) || model.id.toLowerCase().startsWith(typed) ? 0 : 1;
}
