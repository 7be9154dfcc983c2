import { makeUlid } from "@/api/ulid";
import { startRun } from "@/api/runs";
import type { Message, RunRequest } from "@/api/types";
import { begin } from "./outbox";

function request(answer: Message, kind: "retry" | "continue", parentId: string | null, model: string): RunRequest {
  return {
    id: makeUlid(),
    conversation_id: answer.conversation_id,
    kind,
    chat_kind: "chat",
    parent_id: parentId,
    content: "",
    attachment_ids: [],
    models: [model],
    columns: null,
    system: null,
    params: null,
    accept_losses: true,
  };
}

/** Another answer to the same question, beside the first. @throws ApiError */
export async function retryAnswer(answer: Message, model: string): Promise<void> {
  const retry = request(answer, "retry", answer.parent_id, model);
  begin(await startRun(retry), retry, []);
}

/** Goes on with an answer that was cut. @throws ApiError */
export async function continueAnswer(answer: Message, model: string): Promise<void> {
  const more = request(answer, "continue", answer.id, model);
  begin(await startRun(more), more, []);
}
