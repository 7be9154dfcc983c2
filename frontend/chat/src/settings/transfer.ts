import type { QueryClient } from "@tanstack/react-query";
import { api, call, CSRF_HEADER } from "@/api/client";
import { conversationKeys, deleteConversation, restoreConversation } from "@/api/conversations";
import { ApiError, errorBodyOf } from "@/api/errors";
import type { ImportReport } from "@/api/types";

/** Everything of a person as one JSON file. The browser saves what this address answers. */
export const EXPORT_URL = "/api/export";

/** Takes in a file of ours, Open WebUI's, LibreChat's or ChatGPT's. @throws ApiError */
export async function importFile(file: File): Promise<ImportReport> {
  const form = new FormData();
  form.append("file", file, file.name);
  const response = await fetch("/api/import", { method: "POST", body: form, headers: { [CSRF_HEADER]: "1" } });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, errorBodyOf(response.status, body));
  return body as ImportReport; // the schema of this endpoint
}

/** Deletes every conversation, page by page; gives their ids, so that it can be undone. @throws ApiError */
export async function deleteAll(onProgress: (deleted: number) => void): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await call(api.GET("/api/conversations", { params: { query: { limit: 50 } } }));
    // A conversation that cannot be deleted would come again on every page; the error ends the loop.
    for (const { id } of page.items) {
      await deleteConversation(id);
      ids.push(id);
      onProgress(ids.length);
    }
    if (page.items.length === 0 || page.next_cursor === null) return ids;
  }
}

/** Brings deleted conversations back. @throws ApiError */
export async function restoreAll(client: QueryClient, ids: readonly string[]): Promise<void> {
  for (const id of ids) await restoreConversation(id);
  await client.invalidateQueries({ queryKey: conversationKeys.all });
}
