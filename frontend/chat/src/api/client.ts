import createClient from "openapi-fetch";
import { ApiError, errorBodyOf, localError } from "./errors";
import type { paths } from "./schema";

/** A site elsewhere cannot set this header without being asked first, so it proves that a write comes from this page. */
export const CSRF_HEADER = "x-trunkline-csrf";

async function reachable(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, localError("gateway_down", "The server cannot be reached.", "It is tried again by itself."));
  }
}

/** The typed client; `await call(api.GET(...))` gives the body or throws an ApiError. */
export const api = createClient<paths>({ baseUrl: "", fetch: reachable, headers: { [CSRF_HEADER]: "1" } });

interface Outcome<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The body of an answer. @throws ApiError for every status of 400 or more and when no answer came. */
export async function call<Data>(pending: Promise<Outcome<Data>>): Promise<Data> {
  const { data, error, response } = await pending;
  if (!response.ok) {
    if (response.status === 401) window.dispatchEvent(new Event("trunkline:signed-out"));
    throw new ApiError(response.status, errorBodyOf(response.status, error));
  }
  // An empty body (204) is `undefined`, which is then the type that the schema gives.
  return data as Data;
}
