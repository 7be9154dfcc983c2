import type { ModelCard } from "@/api/types";
import type { Group } from "./filter";

/** What the list shows, one below the other: a heading or a model. `place` counts models from 1. */
export type PickerRow =
  | { kind: "heading"; key: string; label: string; count: number }
  | { kind: "model"; key: string; model: ModelCard; place: number; ready: boolean };

export function rowsOf(groups: readonly Group[]): PickerRow[] {
  const rows: PickerRow[] = [];
  let place = 0;
  for (const { key, label, models } of groups) {
    rows.push({ kind: "heading", key: `heading ${key}`, label, count: models.length });
    for (const model of models) {
      place += 1;
      rows.push({ kind: "model", key: model.id, model, place, ready: key !== "not_now" });
    }
  }
  return rows;
}

/** The index of the model row `step` models away from row `from`, staying inside the list; -1 when there is none. */
export function moveBy(rows: readonly PickerRow[], from: number, step: number): number {
  const models = rows.flatMap((row, index) => (row.kind === "model" ? [index] : []));
  if (models.length === 0) return -1;
  const at = models.indexOf(from);
  // From nowhere, down is the first and up the last.
  const start = at === -1 ? (step > 0 ? -1 : models.length) : at;
  const wanted = Math.min(Math.max(start + step, 0), models.length - 1);
  return models[wanted] ?? -1;
}
