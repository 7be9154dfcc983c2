import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";

/** Calls, tokens and cost of the last `days` local days of `zone` (an IANA name). */
export const usageQuery = (days: number, zone: string) =>
  queryOptions({
    queryKey: ["usage", days, zone],
    queryFn: ({ signal }) => call(api.GET("/api/usage", { params: { query: { days, zone } }, signal })),
    staleTime: 30_000,
  });
