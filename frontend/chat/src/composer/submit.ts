import { announce } from "@trunkline/kit/StatusText";
import { conversationKeys } from "@/api/conversations";
import { modelsQuery } from "@/api/models";
import { queryClient } from "@/api/queryClient";
import type { ConversationDetail, Params } from "@/api/types";
import { makeUlid } from "@/api/ulid";
import { send } from "@/runs/outbox";
import { provisionalConversation } from "@/runs/storeRun";
import { clearReport, checkNow, reportOf } from "./preflight";
import { filesOf, setFiles, writeDraft } from "./drafts";

/** Longest wait for the check before sending, ms. */
const PATIENCE_MS = 1_500;

export interface Turn {
  conversationId: string;
  content: string;
  model: string;
  system: string | null;
  params: Params;
}

/** Why a turn was not sent. */
export type Held = "empty" | "uploading" | "losses";

const detailOf = (id: string): ConversationDetail | undefined =>
  queryClient.getQueryData<ConversationDetail>(conversationKeys.detail(id));

/** Sends what is written, or says why not. The draft and its files are taken only when it is on its way. */
export async function submit(turn: Turn): Promise<Held | null> {
  const { conversationId } = turn;
  const files = filesOf(conversationId);
  const attachments = files.flatMap((file) => file.attachment ?? []);
  if (files.some((file) => file.attachment === null && file.error === null)) return "uploading";
  if (turn.content.trim() === "" && attachments.length === 0) return "empty";
  if (
    needsCheck(turn, attachments.length) &&
    (await wouldLose(
      turn,
      attachments.map((file) => file.id),
    ))
  ) {
    announce("Something would be lost. See the note above the field.", { assertive: true });
    return "losses";
  }
  const isNew = detailOf(conversationId) === undefined;
  if (isNew) storeProvisional(turn);
  send({
    id: makeUlid(),
    conversationId,
    isNew,
    parent: { at: "leaf" },
    content: turn.content,
    attachments,
    model: turn.model,
    system: turn.system,
    params: turn.params,
  });
  setFiles(conversationId, []);
  writeDraft(conversationId, "");
  clearReport(conversationId);
  return null;
}

/** Only another model than before, or files, can lose something. */
function needsCheck(turn: Turn, files: number): boolean {
  const detail = detailOf(turn.conversationId);
  const lastModel = detail?.messages.findLast((message) => message.role === "assistant")?.model;
  return files > 0 || (lastModel !== undefined && lastModel !== null && lastModel !== turn.model);
}

async function wouldLose(turn: Turn, attachmentIds: string[]): Promise<boolean> {
  const report = await checkNow({ ...turn, attachmentIds }, PATIENCE_MS);
  return report !== undefined && report.losses.length > 0 && reportOf(turn.conversationId)?.accepted === false;
}

function storeProvisional(turn: Turn): void {
  const request = {
    id: "",
    conversation_id: turn.conversationId,
    models: [turn.model],
    system: turn.system,
    params: turn.params,
  };
  queryClient.setQueryData(
    conversationKeys.detail(turn.conversationId),
    provisionalConversation(
      { ...request, kind: "send", chat_kind: "chat", content: "", attachment_ids: [], accept_losses: true },
      new Date().toISOString(),
    ),
  );
}

/** The name of a model for people. */
export function modelName(id: string): string {
  return queryClient.getQueryData(modelsQuery.queryKey)?.models.find((model) => model.id === id)?.name ?? id;
}
