import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { toast } from "@trunkline/kit/Toast";
import { modelsQuery } from "@/api/models";
import type { ModelCard } from "@/api/types";

/** More than this many at once are told by their number. */
const NAMED = 3;

/** The models that answer now and did not before; none for the first list, which is no news. */
export function newlyReady(before: ReadonlySet<string> | null, models: readonly ModelCard[]): ModelCard[] {
  return before === null ? [] : models.filter((model) => model.state === "ready" && !before.has(model.id));
}

/** Says when models become ready: a key was added, a provider is back. */
export function useModelNews(): void {
  const { data: list } = useQuery(modelsQuery);
  const ready = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    // A list that could not be refreshed says nothing about now.
    if (list === undefined || list.stale) return;
    const news = newlyReady(ready.current, list.models);
    ready.current = new Set(list.models.filter((model) => model.state === "ready").map((model) => model.id));
    if (news.length === 0) return;
    const names = news.map((model) => model.name).join(", ");
    toast(news.length > NAMED ? `${news.length} more models are ready.` : `Ready now: ${names}.`);
  }, [list]);
}
