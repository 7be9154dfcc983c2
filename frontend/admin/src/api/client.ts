import createClient from "openapi-fetch";
import { GATEWAY } from "@/app/base";
import type { components, paths } from "./schema";

/** The shapes of the gateway's answers, by name. */
export type Shapes = components["schemas"];

/** The gateway said no, or nothing. `message` is for people. */
export class ApiError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Seconds until another attempt is welcome. */
  readonly retryAfter: number | null;

  constructor(status: number, message: string, retryAfter: number | null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const UNREACHABLE = "The gateway does not answer. It is asked again every few seconds.";

async function reachable(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, UNREACHABLE, null);
  }
}

export const api = createClient<paths>({ baseUrl: `${location.origin}${GATEWAY}`, fetch: reachable });

/** The message of an error body, in OpenAI's shape or in FastAPI's. */
function messageOf(body: unknown, status: number): string {
  if (typeof body === "object" && body !== null) {
    if ("error" in body && typeof body.error === "object" && body.error !== null && "message" in body.error) {
      return String(body.error.message);
    }
    if ("detail" in body && Array.isArray(body.detail)) {
      return body.detail.map((one: { msg?: unknown }) => String(one.msg)).join("; ");
    }
  }
  return `The gateway answered ${status}.`;
}

interface Outcome<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The body of a good answer. @throws ApiError for every other, and when none came. */
export async function call<Data>(pending: Promise<Outcome<Data>>): Promise<Data> {
  const { data, error, response } = await pending;
  if (!response.ok || data === undefined) {
    const wait = Number(response.headers.get("retry-after"));
    throw new ApiError(response.status, messageOf(error, response.status), wait > 0 ? wait : null);
  }
  return data;
}
