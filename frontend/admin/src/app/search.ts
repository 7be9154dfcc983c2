/** The whole state of a page is in its address: plain `name=value`, so that people can read and write it. */

/** The range; which requests; how a page shows them, and which request is open. */
const NAMES = [
  "last",
  "from",
  "to",
  "zone",
  "status",
  "model",
  "provider",
  "key",
  "kind",
  "min_cost",
  "id",
  "by",
  "metric",
  "cumulative",
  "live",
  "r",
] as const;

export type Search = Partial<Record<(typeof NAMES)[number], string>>;

/** What belongs to no page in particular and goes along from one to the next. */
const SHARED = ["last", "from", "to", "zone"] as const;

/** Keeps the parameters that there are, as text; others are dropped. */
export function validateSearch(found: Record<string, unknown>): Search {
  return Object.fromEntries(
    NAMES.filter((name) => typeof found[name] === "string" && found[name] !== "").map((name) => [name, found[name]]),
  );
}

/** "?last=7d&model=gpt*" as a record. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** The record as "?last=7d&model=gpt*"; empty parameters are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).flatMap(([name, value]) =>
    typeof value === "string" && value !== "" ? [[name, value]] : [],
  );
  const text = new URLSearchParams(pairs).toString();
  return text === "" ? "" : `?${text}`;
}

/** Only the range, for a link to another page. */
export function rangeOnly(search: Search): Search {
  return Object.fromEntries(SHARED.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])));
}
