import type { ErrorBody } from "@/api/types";

/** So long after a retry by itself the next limit of the same model is a new one. */
const QUIET_MS = 600_000;

/** When each model was last asked again without a person's doing, in milliseconds. */
const retried = new Map<string, number>();

/**
 * Whether a rate limit may be waited out and tried again without being asked to: once. The second refusal would be the
 * same limit, and to go on knocking would only make it longer.
 */
export function mayRetryByItself(error: ErrorBody, now: number): boolean {
  if (error.code !== "rate_limited" || error.retry_after_s === null) return false;
  return now - (retried.get(error.model ?? "") ?? Number.NEGATIVE_INFINITY) > QUIET_MS;
}

/** Notes that the model of this error was asked again by itself. */
export function noteRetry(error: ErrorBody, now: number): void {
  retried.set(error.model ?? "", now);
}
