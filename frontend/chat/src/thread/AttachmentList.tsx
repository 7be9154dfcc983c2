import { FileText } from "lucide-react";
import { formatBytes } from "@trunkline/kit/format";
import { fileUrl } from "@/api/files";
import type { Attachment } from "@/api/types";

const THUMB_PX = 160;

/** The shown size of an image, so that its place is kept before it is there. */
function shownSize({ width, height }: Attachment): { width: number; height: number } {
  if (width === null || height === null || height === 0) return { width: THUMB_PX, height: THUMB_PX };
  const scale = Math.min(1, THUMB_PX / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The files of a message: images small, the rest by name. Each opens in a tab of its own. */
export function AttachmentList({ attachments }: { attachments: readonly Attachment[] }): React.JSX.Element | null {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label="Files" className="m-0 flex list-none flex-wrap gap-2 p-0 pt-1 pb-2">
      {attachments.map((file) => (
        <li key={file.id}>
          <a
            href={fileUrl(file.id)}
            target="_blank"
            rel="noopener noreferrer"
            className="flex items-center gap-2 text-ui text-ink-2"
          >
            {file.kind === "image" ? (
              <img
                src={fileUrl(file.id)}
                alt={file.name}
                loading="lazy"
                className="border border-line object-contain"
                {...shownSize(file)}
              />
            ) : (
              <>
                <FileText aria-hidden="true" size={16} strokeWidth={1.5} />
                {file.name} <span className="text-ink-3">{formatBytes(file.bytes)}</span>
              </>
            )}
          </a>
        </li>
      ))}
    </ul>
  );
}
