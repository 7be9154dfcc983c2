import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";

const REFRESH_MS = 5_000;

/** Whether the application, its database and the gateway answer. */
export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => call(api.GET("/api/health", { signal })),
  refetchInterval: REFRESH_MS,
  staleTime: REFRESH_MS,
  retry: false,
});
