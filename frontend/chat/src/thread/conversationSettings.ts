import { createStore } from "zustand/vanilla";
import { useQuery } from "@tanstack/react-query";
import { useStore } from "zustand";
import { toast } from "@trunkline/kit/Toast";
import { conversationKeys, conversationQuery, patchCachedConversation, updateConversation } from "@/api/conversations";
import { toErrorBody } from "@/api/errors";
import { defaultModelOf, modelsQuery } from "@/api/models";
import { queryClient } from "@/api/queryClient";
import { settingsQuery } from "@/api/settings";
import type { ConversationDetail, ModelCard, Params } from "@/api/types";

/** What the next turn of a conversation goes with. */
export interface TurnSettings {
  model: string | null;
  system: string | null;
  params: Params;
}

export const NO_PARAMS: Params = { temperature: null, top_p: null, max_tokens: null, reasoning_effort: null };

/** Choices made in this tab: they win over what the server says, which may be a moment behind. */
const chosen = createStore<Record<string, Partial<TurnSettings>>>(() => ({}));

/** Model, system prompt and parameters of a conversation's next turn. */
export function useTurnSettings(id: string): TurnSettings {
  const mine = useStore(chosen, (all) => all[id]);
  const { data: conversation } = useQuery({ ...conversationQuery(id), enabled: false });
  const { data: models } = useQuery(modelsQuery);
  const { data: settings } = useQuery(settingsQuery);
  return {
    model: mine?.model ?? conversation?.model ?? defaultModelOf(models, settings?.default_model)?.id ?? null,
    system: mine?.system ?? conversation?.system ?? null,
    params: mine?.params ?? conversation?.params ?? NO_PARAMS,
  };
}

/** The card of a model, for its name, price and abilities. */
export function useModel(id: string | null): ModelCard | undefined {
  const { data } = useQuery(modelsQuery);
  return id === null ? undefined : data?.models.find((model) => model.id === id);
}

/** Changes what the next turn goes with: at once here, and on the server where it knows the conversation. */
export function changeTurnSettings(id: string, changes: Partial<TurnSettings>): void {
  chosen.setState({ [id]: { ...chosen.getState()[id], ...changes } });
  const known = queryClient.getQueryData<ConversationDetail>(conversationKeys.detail(id));
  if (!known || known.messages.length === 0) return;
  patchCachedConversation(queryClient, id, (old) => ({
    ...old,
    ...("system" in changes ? { system: changes.system ?? null } : {}),
    params: changes.params ?? old.params,
    model: changes.model ?? old.model,
  }));
  const { model, params } = changes;
  updateConversation(id, {
    ...(model ? { model } : {}),
    ...(params ? { params } : {}),
    ...("system" in changes ? { system: changes.system ?? null } : {}),
  }).catch((error: unknown) => {
    toast(toErrorBody(error).message);
    void queryClient.invalidateQueries({ queryKey: conversationKeys.detail(id) });
  });
}
