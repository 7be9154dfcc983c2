import { api, call } from "./client";
import type { PreflightReport, PreflightRequest, Run, RunRequest } from "./types";

/** Starts a run; the same id again gives the same run and calls no model twice. */
export async function startRun(request: RunRequest): Promise<Run> {
  return await call(api.POST("/api/runs", { body: request }));
}

/** Stops a run, or one column of it; what was written stays. */
export async function stopRun(id: string, column?: number): Promise<Run> {
  return await call(
    api.POST("/api/runs/{run_id}/stop", { params: { path: { run_id: id } }, body: { column: column ?? null } }),
  );
}

export const runEventsUrl = (id: string, after: number): string =>
  `/api/runs/${encodeURIComponent(id)}/events?after=${after}`;

/** What a message would cost and lose, before it is sent. */
export async function preflight(request: PreflightRequest, signal: AbortSignal): Promise<PreflightReport> {
  return await call(api.POST("/api/preflight", { body: request, signal }));
}
