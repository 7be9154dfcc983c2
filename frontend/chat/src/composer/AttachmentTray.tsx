import { FileText, X } from "lucide-react";
import { formatBytes } from "@trunkline/kit/format";
import { IconButton } from "@trunkline/kit/IconButton";
import { useModel } from "@/thread/conversationSettings";
import type { ModelCard } from "@/api/types";
import { detachFile } from "./attach";
import { useDraftFiles, type DraftFile } from "./drafts";

/** What the model cannot do with a file, in words. */
function warning(file: DraftFile, model: ModelCard | undefined): string | null {
  if (model === undefined) return null;
  const isImage = file.mediaType.startsWith("image/");
  const isText = file.mediaType.startsWith("text/") || file.attachment?.kind === "text";
  if (isImage && !model.abilities.images) return `${model.name} takes no images`;
  if (!isImage && !isText && !model.abilities.files) return `${model.name} takes no files of this kind`;
  return null;
}

function stateOf(file: DraftFile, model: ModelCard | undefined): { text: string; isBad: boolean } {
  if (file.error) return { text: [file.error.message, file.error.fix].filter(Boolean).join(" "), isBad: true };
  if (file.attachment === null)
    return { text: `${Math.round(file.progress * 100)} % of ${formatBytes(file.bytes)}`, isBad: false };
  const warned = warning(file, model);
  return warned === null ? { text: formatBytes(file.bytes), isBad: false } : { text: warned, isBad: true };
}

/** The files beside the text, each with what becomes of it. */
export function AttachmentTray({ conversationId, modelId }: { conversationId: string; modelId: string | null }) {
  const files = useDraftFiles(conversationId);
  const model = useModel(modelId);
  if (files.length === 0) return null;
  return (
    <ul aria-label="Files" className="m-0 flex list-none flex-wrap gap-2 px-3 pt-3">
      {files.map((file) => {
        const state = stateOf(file, model);
        return (
          <li
            key={file.key}
            className="flex max-w-full items-center gap-2 rounded-control border border-line bg-canvas py-1 pr-1 pl-2"
          >
            {file.preview === null ? (
              <FileText aria-hidden="true" size={16} strokeWidth={1.5} className="flex-none text-ink-3" />
            ) : (
              <img src={file.preview} alt="" width={32} height={32} className="size-8 flex-none object-cover" />
            )}
            <span className="min-w-0 text-ui">
              <span className="block max-w-56 truncate">{file.name}</span>
              <span className={state.isBad ? "block text-meta text-warn" : "block text-meta text-ink-3"}>
                {state.text}
              </span>
            </span>
            <IconButton dense label={`Remove ${file.name}`} onClick={() => detachFile(conversationId, file.key)}>
              <X aria-hidden="true" size={16} strokeWidth={1.5} />
            </IconButton>
          </li>
        );
      })}
    </ul>
  );
}
