import type { Loss } from "@/api/types";

const NOUNS: Record<Loss["kind"], [one: string, many: string]> = {
  image: ["image", "images"],
  file: ["file", "files"],
  reasoning: ["piece of reasoning", "pieces of reasoning"],
  tool: ["tool call", "tool calls"],
  parameter: ["setting", "settings"],
  other: ["part", "parts"],
};

/** "1 image, 2 files": what of the conversation a model does not get. Kinds unknown here are told as parts. */
export function lossWords(losses: readonly Loss[]): string {
  const counts = new Map<Loss["kind"], number>();
  for (const loss of losses) {
    const kind = loss.kind in NOUNS ? loss.kind : "other";
    counts.set(kind, (counts.get(kind) ?? 0) + loss.count);
  }
  return [...counts].map(([kind, count]) => `${count} ${NOUNS[kind][count === 1 ? 0 : 1]}`).join(", ");
}
