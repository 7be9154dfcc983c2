import type { Loss, Message } from "@/api/types";
import type { Outgoing } from "@/runs/outbox";
import { messageKey, outgoingKey } from "@/runs/storeRun";
import { MessageTree } from "./tree";

/** What the thread shows, one below the other. `key` is stable from the moment of sending on. */
export type Row =
  | { kind: "message"; key: string; message: Message; versions: readonly string[] }
  | { kind: "switch"; key: string; answer: Message; from: string | null; losses: readonly Loss[] }
  | { kind: "outgoing"; key: string; item: Outgoing };

/** The rows of the path that ends in `leafId`, and of the messages that are on their way to its end. */
export function rowsOf(tree: MessageTree, leafId: string | null, outgoing: readonly Outgoing[]): Row[] {
  const rows: Row[] = [];
  let lastModel: string | null = null;
  for (const message of shownPath(tree, leafId, outgoing[0])) {
    if (message.role === "system") continue;
    if (message.role === "assistant") {
      const switched = lastModel !== null && message.model !== null && message.model !== lastModel;
      if (switched || message.losses.length > 0) {
        const from = switched ? lastModel : null;
        rows.push({ kind: "switch", key: `switch ${message.id}`, answer: message, from, losses: message.losses });
      }
      lastModel = message.model ?? lastModel;
    }
    const versions = tree.versions(message).map((version) => version.id);
    rows.push({ kind: "message", key: messageKey(message), message, versions });
  }
  for (const item of outgoing) rows.push({ kind: "outgoing", key: outgoingKey(item.id), item });
  return rows;
}

/** A question that was edited takes the place of what it replaces while it is on its way. */
function shownPath(tree: MessageTree, leafId: string | null, first: Outgoing | undefined): Message[] {
  if (first?.parent.at !== "message") return tree.pathTo(leafId);
  return first.parent.id === null ? [] : tree.pathTo(first.parent.id);
}

/** Where the last turn begins: its question. One that waits behind a running answer belongs to that answer's turn. */
export function lastTurnStart(rows: readonly Row[]): number {
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (
      (row?.kind === "outgoing" && row.item.state !== "waiting") ||
      (row?.kind === "message" && row.message.role === "user")
    )
      return index;
  }
  return Math.max(0, rows.length - 1);
}
