import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";
import type { ModelCard, ModelList } from "./types";

/** A key that is pasted into `.env` is to show within seconds, and an unchanged list costs an empty answer. */
const REFRESH_MS = 5_000;

/** Every model of the gateway. The last copy is shown at once; the states follow. */
export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: ({ signal }): Promise<ModelList> => call(api.GET("/api/models", { signal })),
  staleTime: REFRESH_MS,
  refetchInterval: REFRESH_MS,
});

/** The model that new conversations start with, in the order: the person's choice, the server's, any that is ready. */
export function defaultModelOf(list: ModelList | undefined, chosen: string | undefined): ModelCard | undefined {
  const models = list?.models ?? [];
  return (
    models.find((model) => model.id === chosen && model.state === "ready") ??
    models.find((model) => model.is_default && model.state === "ready") ??
    models.find((model) => model.state === "ready" && model.embedded) ??
    models.find((model) => model.state === "ready") ??
    models[0]
  );
}
