import { useQueryClient } from "@tanstack/react-query";
import { modelsQuery } from "@/api/models";
import { saveSettings } from "@/api/settings";
import type { ModelCard } from "@/api/types";
import { toErrorBody } from "@/api/errors";
import { toast } from "@trunkline/kit/Toast";

/** Pins or unpins a model: at once on the page, then in the settings; back again when the server refuses. */
export function useTogglePin(): (model: ModelCard) => void {
  const client = useQueryClient();
  return (model) => {
    const before = client.getQueryData(modelsQuery.queryKey);
    if (before === undefined) return;
    const models = before.models.map((one) => (one.id === model.id ? { ...one, pinned: !model.pinned } : one));
    const pinned = models.filter((one) => one.pinned).map((one) => one.id);
    client.setQueryData(modelsQuery.queryKey, { ...before, models });
    saveSettings(client, { pinned_models: pinned }).catch((error: unknown) => {
      client.setQueryData(modelsQuery.queryKey, before);
      toast(`${model.name} could not be pinned: ${toErrorBody(error).message}`);
    });
  };
}
