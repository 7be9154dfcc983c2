import { announce } from "@trunkline/kit/StatusText";
import { localError, toErrorBody } from "@/api/errors";
import { uploadFile } from "@/api/files";
import type { Attachment } from "@/api/types";
import { makeUlid } from "@/api/ulid";
import { changeFile, filesOf, setFiles, type DraftFile } from "./drafts";

const MOST_FILES = 20;
/** Text longer than this becomes a file when it is pasted, bytes. */
export const LONG_PASTE_BYTES = 20_000;

const uploads = new Map<string, AbortController>();

/** Puts files beside the text and sends them to the server at once. */
export function attachFiles(conversationId: string, files: readonly File[]): void {
  const room = MOST_FILES - filesOf(conversationId).length;
  for (const file of files.slice(0, room)) void attach(conversationId, file);
  if (files.length > room) announce(`Only ${MOST_FILES} files fit a message`, { assertive: true });
}

async function attach(conversationId: string, file: File): Promise<void> {
  const controller = new AbortController();
  const draft: DraftFile = {
    key: makeUlid(),
    name: file.name,
    bytes: file.size,
    mediaType: file.type,
    preview: file.type.startsWith("image/") ? URL.createObjectURL(file) : null,
    progress: 0,
    attachment: null,
    error: file.size === 0 ? localError("invalid", "The file is empty.") : null,
  };
  setFiles(conversationId, [...filesOf(conversationId), draft]);
  if (draft.error) return;
  uploads.set(draft.key, controller);
  try {
    const onProgress = (progress: number): void => changeFile(conversationId, draft.key, { progress });
    const attachment = await uploadFile(file, onProgress, controller.signal);
    changeFile(conversationId, draft.key, { attachment, progress: 1 });
    announce(`${file.name} attached`);
  } catch (error) {
    changeFile(conversationId, draft.key, { error: toErrorBody(error) });
  } finally {
    uploads.delete(draft.key);
  }
}

/** Takes a file away; one that is still on its way is stopped. */
export function detachFile(conversationId: string, key: string): void {
  uploads.get(key)?.abort();
  const gone = filesOf(conversationId).find((file) => file.key === key);
  if (gone?.preview) URL.revokeObjectURL(gone.preview);
  setFiles(
    conversationId,
    filesOf(conversationId).filter((file) => file.key !== key),
  );
}

/** Puts stored files back beside the text, for a message that was taken back or is written anew. */
export function reattach(conversationId: string, attachments: readonly Attachment[]): void {
  const files = attachments.map((attachment): DraftFile => ({
    key: attachment.id,
    name: attachment.name,
    bytes: attachment.bytes,
    mediaType: attachment.media_type,
    preview: null,
    progress: 1,
    attachment,
    error: null,
  }));
  setFiles(conversationId, files);
}

/** A long paste as a file: the field stays quick, and the model gets the same text. */
export const pastedFile = (text: string): File => new File([text], "pasted.txt", { type: "text/plain" });
