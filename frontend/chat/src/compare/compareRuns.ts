import { makeUlid } from "@/api/ulid";
import { startRun } from "@/api/runs";
import type { ConversationDetail, RunRequest } from "@/api/types";
import { begin } from "@/runs/outbox";

const BLANK = {
  chat_kind: "compare",
  content: "",
  attachment_ids: [],
  parent_id: null,
  columns: null,
  system: null,
  params: null,
  accept_losses: true,
} as const satisfies Partial<RunRequest>;

async function start(request: RunRequest): Promise<void> {
  begin(await startRun(request), request, []);
}

/** Starts a comparison; gives the id of its conversation. @throws ApiError */
export async function startComparison(models: string[], content: string): Promise<string> {
  const request: RunRequest = { ...BLANK, id: makeUlid(), conversation_id: makeUlid(), kind: "send", models, content };
  await start(request);
  return request.conversation_id;
}

/** Asks the columns named one more question. @throws ApiError */
export async function askColumns(detail: ConversationDetail, columns: number[], content: string): Promise<void> {
  const models = columns.map((column) => detail.columns[column]?.model ?? "");
  const { id, leaf_id: leaf, system, params } = detail;
  await start({
    ...BLANK,
    id: makeUlid(),
    conversation_id: id,
    kind: "send",
    parent_id: leaf,
    models,
    columns,
    content,
    system,
    params,
  });
}

/** Has a column answer a question again, perhaps with another model. @throws ApiError */
export async function retryColumn(
  detail: ConversationDetail,
  questionId: string,
  column: number,
  model: string,
): Promise<void> {
  const { id, system, params } = detail;
  await start({
    ...BLANK,
    id: makeUlid(),
    conversation_id: id,
    kind: "retry",
    parent_id: questionId,
    models: [model],
    columns: [column],
    system,
    params,
  });
}
