/** The line of text above the log and the filter that it stands for: `status:5xx model:gpt* cost:>0.10`, or an id. */

import type { RequestFilter } from "@/api/queries";

/** Words of the line, and the parameters that they become. */
const WORDS = {
  status: "status",
  model: "model",
  provider: "provider",
  key: "key",
  kind: "kind",
  cost: "min_cost",
  id: "id",
} as const;

type Word = keyof typeof WORDS;

export const FILTERS = ["status", "model", "provider", "key", "kind", "min_cost", "id"] as const;

function isWord(text: string): text is Word {
  return Object.hasOwn(WORDS, text);
}

/** A value as it stands in the line; with quotes where it has a space. */
function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}

/** The filter as a line. */
export function filterText(filter: RequestFilter): string {
  const words = Object.entries(WORDS).flatMap(([word, name]) => {
    const value = filter[name];
    if (value === undefined || value === "") return [];
    if (word === "id") return [quoted(value)];
    return [`${word}:${word === "cost" ? `>${value}` : quoted(value)}`];
  });
  return words.join(" ");
}

/** What the line says, and the words that mean nothing. What has no name in front is taken for an id. */
export function filterOf(text: string): { filter: RequestFilter; unknown: string[] } {
  const filter: RequestFilter = {};
  const unknown: string[] = [];
  for (const [part] of text.matchAll(/[\w-]+:"[^"]*"|"[^"]*"|\S+/g)) {
    const [, word = "", value = ""] = /^([a-z]+):"?([^"]*)"?$/.exec(part) ?? [];
    if (word === "") filter.id = part.replaceAll('"', "");
    else if (isWord(word)) filter[WORDS[word]] = word === "cost" ? value.replace(/^>=?\s*\$?/, "") : value;
    else unknown.push(part);
  }
  return { filter, unknown };
}
