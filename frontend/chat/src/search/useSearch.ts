import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, call } from "@/api/client";

/** Typing pauses that are worth a question to the server, in milliseconds. */
const PAUSE_MS = 150;
const SHORTEST = 2;

/** A value that follows another after a pause. */
function useLater<Value>(value: Value, ms: number): Value {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return later;
}

/** Messages and titles that have all the words; the last answer stays while the next one is on its way. */
export function useMessageSearch(query: string) {
  const q = useLater(query.trim(), PAUSE_MS);
  const found = useInfiniteQuery({
    queryKey: ["search", q],
    enabled: q.length >= SHORTEST,
    queryFn: ({ pageParam, signal }) =>
      call(api.GET("/api/search", { params: { query: { q, cursor: pageParam, limit: 20 } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
  const isAsked = query.trim().length >= SHORTEST;
  return { ...found, hits: isAsked ? (found.data?.pages.flatMap((page) => page.hits) ?? []) : [], isAsked };
}
