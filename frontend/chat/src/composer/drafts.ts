import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import type { Attachment, ErrorBody } from "@/api/types";

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
