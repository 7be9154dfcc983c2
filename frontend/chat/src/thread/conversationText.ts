import type { Message } from "@/api/types";

/** The shown path as Markdown, for the clipboard: a virtual list has not all of it on the page. */
export function conversationText(title: string, path: readonly Message[]): string {
  const parts = path
    .filter((message) => message.role !== "system")
    .map((message) => `## ${message.role === "user" ? "You" : (message.model ?? "Answer")}\n\n${message.content}`);
  return [title === "" ? [] : `# ${title}`, ...parts].flat().join("\n\n");
}
