import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import type { Attachment, ErrorBody } from "@/api/types";
import { makeUlid } from "@/api/ulid";

const PREFIX = "trunkline.draft.";

/** The text that was being written in a conversation; it outlives a reload of the tab. */
export function readDraft(conversationId: string): string {
  try {
    return sessionStorage.getItem(PREFIX + conversationId) ?? "";
  } catch {
    return "";
  }
}

export function writeDraft(conversationId: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(PREFIX + conversationId);
    else sessionStorage.setItem(PREFIX + conversationId, text);
  } catch {
    // A full or forbidden storage costs the draft's survival of a reload, nothing else.
  }
}

const NEW = "trunkline.new";

/** The id of the conversation that is not begun yet: the same one after a reload as long as it has a draft. */
export function newConversationId(): string {
  try {
    const kept = sessionStorage.getItem(NEW);
    if (kept !== null && readDraft(kept) !== "") return kept;
    const made = makeUlid();
    sessionStorage.setItem(NEW, made);
    return made;
  } catch {
    return makeUlid();
  }
}

/** From now on it is a conversation like others; the next new one gets another id. */
export function forgetNewConversation(): void {
  try {
    sessionStorage.removeItem(NEW);
  } catch {
    // Where nothing can be kept there is nothing to forget.
  }
}

/** A file beside the text that is being written. */
export interface DraftFile {
  key: string;
  name: string;
  bytes: number;
  mediaType: string;
  /** An object URL of an image, to show before the server has it. */
  preview: string | null;
  /** The part that has left, 0 to 1. */
  progress: number;
  attachment: Attachment | null;
  error: ErrorBody | null;
}

/** The files of each draft. */
const draftFiles = createStore<Record<string, DraftFile[]>>(() => ({}));

const NONE: DraftFile[] = [];
export const filesOf = (conversationId: string): DraftFile[] => draftFiles.getState()[conversationId] ?? NONE;
export const useDraftFiles = (conversationId: string): DraftFile[] =>
  useStore(draftFiles, (all) => all[conversationId] ?? NONE);

export function setFiles(conversationId: string, files: DraftFile[]): void {
  draftFiles.setState({ [conversationId]: files });
}

export function changeFile(conversationId: string, key: string, changes: Partial<DraftFile>): void {
  setFiles(
    conversationId,
    filesOf(conversationId).map((file) => (file.key === key ? { ...file, ...changes } : file)),
  );
}
