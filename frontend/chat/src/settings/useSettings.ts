import { useQuery, useQueryClient } from "@tanstack/react-query";
import { toErrorBody } from "@/api/errors";
import { modelsQuery } from "@/api/models";
import { saveSettings, settingsQuery } from "@/api/settings";
import type { AppSettings, AppSettingsUpdate } from "@/api/types";
import { announce } from "@trunkline/kit/StatusText";
import { toast } from "@trunkline/kit/Toast";

/** The settings and the way to change them: at once on the page, back again when the server refuses. */
export function useSettings(): [AppSettings | undefined, (changes: Partial<AppSettings> & AppSettingsUpdate) => void] {
  const client = useQueryClient();
  const { data: settings } = useQuery(settingsQuery);
  const change = (changes: Partial<AppSettings> & AppSettingsUpdate): void => {
    const before = client.getQueryData(settingsQuery.queryKey);
    if (before !== undefined) client.setQueryData(settingsQuery.queryKey, { ...before, ...changes });
    saveSettings(client, changes).then(
      () => {
        announce("Saved");
        // The default model and the pins show in the list of models too.
        void client.invalidateQueries({ queryKey: modelsQuery.queryKey });
      },
      (error: unknown) => {
        client.setQueryData(settingsQuery.queryKey, before);
        toast(`Not saved: ${toErrorBody(error).message}`);
      },
    );
  };
  return [settings, change];
}
