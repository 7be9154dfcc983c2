import type { ErrorBody } from "./types";

/** An answer of the API that says what went wrong, or the failure to get any answer at all. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /** @param status HTTP status, 0 when no answer came. */
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.message);
  }
}

const BLANK: Omit<ErrorBody, "code" | "message"> = {
  fix: null,
  field: null,
  variable: null,
  model: null,
  alternative: null,
  retry_after_s: null,
  provider_said: null,
  since: null,
};

/** An error of this side, in the same shape as the API's. */
export function localError(code: ErrorBody["code"], message: string, fix: string | null = null): ErrorBody {
  return { ...BLANK, code, message, fix };
}

function isErrorResponse(value: unknown): value is { error: ErrorBody } {
  if (typeof value !== "object" || value === null || !("error" in value)) return false;
  const { error } = value;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}

/** The body of an error answer, whatever it turned out to be. */
export function errorBodyOf(status: number, body: unknown): ErrorBody {
  if (isErrorResponse(body)) return { ...BLANK, ...body.error };
  if (status >= 502)
    return localError("gateway_down", "The application's server does not answer.", "It is tried again by itself.");
  return localError(
    "internal",
    `The server answered ${status} without saying why.`,
    "Try again; the server's log has the reason.",
  );
}

/** What to show for anything that was thrown. */
export function toErrorBody(error: unknown): ErrorBody {
  if (error instanceof ApiError) return error.body;
  const message = error instanceof Error ? error.message : String(error);
  return localError("internal", `This page failed: ${message}`, "Reload the page.");
}

/** Whether no answer came: offline, or the server is not there. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 502);
}
