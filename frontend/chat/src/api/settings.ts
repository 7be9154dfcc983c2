import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, call } from "./client";
import type { AppSettings, AppSettingsUpdate } from "./types";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }): Promise<AppSettings> => call(api.GET("/api/settings", { signal })),
  staleTime: 60_000,
});

/** Stores changes; the fields that are left out stay as they are. */
export async function saveSettings(client: QueryClient, changes: AppSettingsUpdate): Promise<AppSettings> {
  const saved = await call(api.PUT("/api/settings", { body: changes }));
  client.setQueryData(settingsQuery.queryKey, saved);
  return saved;
}
