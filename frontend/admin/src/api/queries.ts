import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { boundsOf, type Range } from "@/range/range";
import { api, call } from "./client";

/** What a series is made of. */
export type By = "model" | "model_group" | "provider" | "status" | "api_key";

/** Filters that the request log and the sums share; empty ones are left out. */
export interface Narrowed {
  model?: string;
  provider?: string;
  key?: string;
  status?: string;
}

export interface RequestFilter extends Narrowed {
  kind?: string;
  min_cost?: string;
  id?: string;
}

const FRESH_MS = 30_000;
/** Rows of a page of the request log. */
const PAGE_ROWS = 200;
const LIVE_MS = 3_000;

/** The record without what is empty, because the gateway takes an empty filter for a mistake in some places. */
function filled(filter: RequestFilter): RequestFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== ""));
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => call(api.GET("/trunkline/session")),
  staleTime: 5 * 60_000,
});

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: async () => call(api.GET("/trunkline/overview")),
  refetchInterval: FRESH_MS,
});

/** Unusual spending; the last ninety days, of which a page shows what falls into its range. */
export const anomaliesQuery = queryOptions({
  queryKey: ["anomalies"],
  queryFn: async () => call(api.GET("/trunkline/anomalies", { params: { query: { days: 90 } } })),
  refetchInterval: FRESH_MS,
});

interface UsageOptions {
  only?: Narrowed;
  top?: number;
  /** How many spans of the same length earlier: 1 is the one before. */
  back?: number;
}

export const usageQuery = (range: Range, by: By, { only = {}, top = 8, back = 0 }: UsageOptions = {}) =>
  queryOptions({
    queryKey: ["usage", range, by, only, top, back],
    queryFn: async () => {
      const query = { ...filled(only), ...boundsOf(range, back), by, top };
      return call(api.GET("/trunkline/usage", { params: { query } }));
    },
    refetchInterval: FRESH_MS,
    placeholderData: keepPreviousData,
  });

/** Buckets for a line of bars that is a few centimetres wide. */
function sparse(range: Range): "15m" | "hour" | "day" {
  const { from, to } = boundsOf(range);
  const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000;
  if (hours <= 6) return "15m";
  return hours <= 48 ? "hour" : "day";
}

export const errorsQuery = (range: Range) =>
  queryOptions({
    queryKey: ["errors", range],
    queryFn: async () =>
      call(api.GET("/trunkline/errors", { params: { query: { ...boundsOf(range), bucket: sparse(range) } } })),
    refetchInterval: FRESH_MS,
    placeholderData: keepPreviousData,
  });

export const requestsQuery = (range: Range, filter: RequestFilter, live: boolean) =>
  infiniteQueryOptions({
    queryKey: ["requests", range, filter, live],
    queryFn: async ({ pageParam }) => {
      const query = { ...filled(filter), ...boundsOf(range), cursor: pageParam, limit: PAGE_ROWS };
      return call(api.GET("/trunkline/requests", { params: { query } }));
    },
    initialPageParam: "",
    // While it is live only the first page is shown: older ones would be fetched again with it.
    getNextPageParam: (page) => (live ? null : page.next_cursor),
    refetchInterval: live ? LIVE_MS : false,
    placeholderData: keepPreviousData,
  });

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ["request", id],
    queryFn: async () => {
      const params = { path: { request_id: id } };
      return call(api.GET("/trunkline/requests/{request_id}", { params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
