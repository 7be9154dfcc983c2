/** A stretch of time as the address has it: the last so much, or two instants; and whose days they are. */

import { localZone } from "@trunkline/kit/time";

export const LASTS = ["1h", "24h", "7d", "30d", "90d"] as const;
export type Last = (typeof LASTS)[number];

export interface Range {
  /** Counted back from now; unused where `from` and `to` are given. */
  last: Last;
  /** RFC 3339. */
  from?: string;
  to?: string;
  /** IANA zone. */
  zone: string;
}

const HOUR_MS = 3_600_000;
const LENGTH_MS: Record<Last, number> = {
  "1h": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 7 * 24 * HOUR_MS,
  "30d": 30 * 24 * HOUR_MS,
  "90d": 90 * 24 * HOUR_MS,
};

export const LAST_LABEL: Record<Last, string> = {
  "1h": "Last hour",
  "24h": "Last 24 h",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  "90d": "Last 90 days",
};

const DEFAULT_LAST: Last = "24h";

function isLast(text: string | undefined): text is Last {
  return LASTS.some((last) => last === text);
}

function isInstant(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text));
}

function isZone(text: string | undefined): text is string {
  if (text === undefined || text === "") return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).format(0) !== "";
  } catch {
    return false;
  }
}

/** Reads a range from the parameters of the address; what cannot be read is left at its default. */
export function rangeOf(search: Record<string, string | undefined>): Range {
  const { last, from, to, zone } = search;
  const range: Range = { last: isLast(last) ? last : DEFAULT_LAST, zone: isZone(zone) ? zone : localZone() };
  if (isInstant(from) && isInstant(to) && Date.parse(from) < Date.parse(to)) return { ...range, from, to };
  return range;
}

/** What the gateway is asked: two instants, `back` lengths earlier, and the zone. */
export function boundsOf(range: Range, back = 0, now = Date.now()): { from: string; to: string; zone: string } {
  const end = range.to === undefined ? now : Date.parse(range.to);
  const length = range.from === undefined ? LENGTH_MS[range.last] : end - Date.parse(range.from);
  const at = (moment: number): string => new Date(moment - back * length).toISOString();
  return { from: at(end - length), to: at(end), zone: range.zone };
}

/** "the day before", for a comparison. */
export function beforeLabel(range: Range): string {
  if (range.from !== undefined) return "the same time before";
  const labels: Record<Last, string> = {
    "1h": "the hour before",
    "24h": "the day before",
    "7d": "the week before",
    "30d": "the 30 days before",
    "90d": "the 90 days before",
  };
  return labels[range.last];
}
