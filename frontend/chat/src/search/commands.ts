import type { Overlay } from "@/app/shellStore";

/** Something that the palette can do besides finding. */
export interface Command {
  label: string;
  /** Other words that find it. */
  words: string;
  keys?: string;
  does: { to: CommandTarget } | { overlay: Overlay } | { theme: "light" | "dark" | "system" };
}

type CommandTarget =
  | "/"
  | "/compare/new"
  | "/models"
  | "/usage"
  | "/settings/you"
  | "/settings/models"
  | "/settings/prompts"
  | "/settings/data"
  | "/settings/keys";

export const COMMANDS: readonly Command[] = [
  { label: "New chat", words: "conversation start", keys: "n", does: { to: "/" } },
  { label: "New comparison", words: "compare side by side", keys: "c", does: { to: "/compare/new" } },
  { label: "Choose a model", words: "picker switch", keys: "$mod+;", does: { overlay: "picker" } },
  { label: "Models", words: "list prices keys", does: { to: "/models" } },
  { label: "Usage", words: "cost spend money tokens", does: { to: "/usage" } },
  { label: "Settings", words: "you account sign out send", does: { to: "/settings/you" } },
  { label: "Default model and tasks", words: "settings models", does: { to: "/settings/models" } },
  { label: "Prompts", words: "settings texts", does: { to: "/settings/prompts" } },
  { label: "Export, import, delete", words: "settings data backup", does: { to: "/settings/data" } },
  { label: "Keyboard", words: "shortcuts keys help", keys: "?", does: { overlay: "shortcuts" } },
  { label: "Light theme", words: "colour appearance", does: { theme: "light" } },
  { label: "Dark theme", words: "colour appearance night", does: { theme: "dark" } },
  { label: "Theme of the system", words: "colour appearance", does: { theme: "system" } },
];

/** The commands that have every word typed, in their name or beside it. */
export function findCommands(query: string): readonly Command[] {
  const words = query.toLowerCase().split(/\s+/);
  return COMMANDS.filter(({ label, words: more }) => {
    const text = `${label} ${more}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
