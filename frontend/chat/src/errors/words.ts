import type { ErrorBody, ErrorCode, ModelCard } from "@/api/types";
import { formatTime } from "@trunkline/kit/time";
import type { ErrorTone } from "@trunkline/kit/ErrorCard";

/** What a person can do about an error; the card shows those that its place can do. */
export type Remedy = "switch" | "pick" | "retry" | "continue" | "edit" | "keys";

interface Kind {
  tone: ErrorTone;
  remedies: readonly Remedy[];
}

const KINDS: Record<ErrorCode, Kind> = {
  no_key: { tone: "warning", remedies: ["switch", "pick", "retry", "keys"] },
  key_refused: { tone: "danger", remedies: ["retry", "pick"] },
  budget: { tone: "warning", remedies: ["switch", "pick"] },
  rate_limited: { tone: "warning", remedies: ["retry", "switch", "pick"] },
  provider_down: { tone: "danger", remedies: ["switch", "retry", "pick"] },
  too_long: { tone: "warning", remedies: ["switch", "pick", "edit"] },
  filtered: { tone: "warning", remedies: ["edit", "pick"] },
  gateway_down: { tone: "danger", remedies: ["retry"] },
  not_permitted: { tone: "warning", remedies: ["pick"] },
  not_found: { tone: "danger", remedies: ["pick"] },
  invalid: { tone: "danger", remedies: ["edit", "pick"] },
  conflict: { tone: "danger", remedies: ["retry"] },
  too_large: { tone: "warning", remedies: ["edit"] },
  timeout: { tone: "danger", remedies: ["continue", "retry", "pick"] },
  stopped: { tone: "notice", remedies: ["continue", "retry"] },
  cut: { tone: "warning", remedies: ["continue", "retry"] },
  internal: { tone: "danger", remedies: ["retry", "pick"] },
};

const UNKNOWN: Kind = { tone: "danger", remedies: ["retry"] };

/** How serious an error is and what helps; a code that this page does not know is shown with a retry. */
export function kindOf(code: ErrorCode): Kind {
  return (KINDS as Partial<Record<string, Kind>>)[code] ?? UNKNOWN;
}

/** "13:50 UTC", as the server writes a time into its sentence; the instant itself comes beside it. */
const UTC_CLOCK = /\b\d\d:\d\d UTC\b/;

/** The server's sentence with its time as it is here; "since" is added where it says when and the sentence does not. */
export function messageOf(error: ErrorBody): string {
  if (error.since === null) return error.message;
  const since = formatTime(error.since);
  if (/\bsince\b/.test(error.message)) return error.message.replace(UTC_CLOCK, since);
  return `${error.message.replace(/\.$/, "")} (since ${since}).`;
}

/** The sentence that says the way out, with the exact variable where one is missing. */
export function fixOf(error: ErrorBody): string | null {
  if (error.fix !== null && error.fix !== "") return error.fix;
  if (error.code === "no_key" && error.variable !== null) {
    return `Put ${error.variable} in .env; it is picked up without a restart.`;
  }
  if (error.code === "key_refused" && error.variable !== null) return `Check ${error.variable}.`;
  return null;
}

/** Codes for which no provider was asked: whatever stands in `provider_said` then is our own log's. */
const NOT_ASKED: ReadonlySet<ErrorCode> = new Set(["no_key", "budget", "gateway_down", "not_permitted", "too_large"]);

/** The provider's own words, to be shown as a quotation; null where it was not asked. */
export function quoteOf(error: ErrorBody, who: string): { who: string; text: string } | null {
  if (error.provider_said === null || NOT_ASKED.has(error.code)) return null;
  return { who, text: error.provider_said };
}

/** The model that would do instead, when it is ready and is not the one that failed. */
export function alternativeOf(error: ErrorBody, models: readonly ModelCard[]): ModelCard | null {
  const found = models.find((model) => model.id === error.alternative && model.id !== error.model);
  return found !== undefined && found.allowed && found.state === "ready" ? found : null;
}
