import type { ModelCard } from "@/api/types";

const ABILITIES: readonly [keyof ModelCard["abilities"], string][] = [
  ["images", "images"],
  ["files", "files"],
  ["tools", "tools"],
  ["reasoning", "reasoning"],
  ["json_output", "JSON"],
];

/** The abilities as words: "images, tools, reasoning". */
export function abilityWords(model: ModelCard): string {
  const able = ABILITIES.filter(([key]) => model.abilities[key]).map(([, word]) => word);
  return able.length === 0 ? "text only" : able.join(", ");
}
