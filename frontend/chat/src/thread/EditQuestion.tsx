import { use, useEffect, useRef, useState } from "react";
import { Button } from "@trunkline/kit/Button";
import type { Attachment, Message } from "@/api/types";
import { ConversationActionsContext } from "./actions";

/** A question as a field. Sending makes another version of it; the first one stays reachable. */
export function EditQuestion({ message }: { message: Message }): React.JSX.Element {
  const { editing, sendEdited } = use(ConversationActionsContext);
  const field = useRef<HTMLTextAreaElement>(null);
  const [files, setFiles] = useState<Attachment[]>(message.attachments);
  useEffect(() => {
    const element = field.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);
  const cancel = (): void => editing.setState({ id: null });
  const send = (): void => {
    const text = field.current?.value ?? "";
    if (text.trim() !== "" || files.length > 0) sendEdited(message, text, files);
  };
  return (
    <div className="mt-1 rounded-control border border-line-strong bg-surface">
      <textarea
        ref={field}
        aria-label="Edit your message"
        defaultValue={message.content}
        dir="auto"
        className="block field-sizing-content max-h-[50dvh] min-h-16 w-full resize-none scroll-quiet bg-transparent px-3 pt-2 text-answer outline-none"
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || event.keyCode === 229) return;
          if (event.key === "Escape") {
            event.stopPropagation();
            cancel();
          } else if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            send();
          }
        }}
      />
      <div className="flex flex-wrap items-center gap-2 p-1.5">
        {files.map((file) => (
          <Button
            key={file.id}
            dense
            look="quiet"
            onClick={() => setFiles(files.filter((kept) => kept.id !== file.id))}
          >
            Remove {file.name}
          </Button>
        ))}
        <span className="flex-1" />
        <Button dense onClick={cancel}>
          Cancel
        </Button>
        <Button dense look="primary" onClick={send}>
          Send as a new version
        </Button>
      </div>
    </div>
  );
}
