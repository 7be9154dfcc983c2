import { GitBranch, Pencil } from "lucide-react";
import { use } from "react";
import { useStore } from "zustand";
import { IconButton } from "@trunkline/kit/IconButton";
import { Menu } from "@trunkline/kit/Menu";
import { Time } from "@trunkline/kit/Time";
import type { Message } from "@/api/types";
import { ConversationActionsContext } from "./actions";
import { AttachmentList } from "./AttachmentList";
import { EditQuestion } from "./EditQuestion";
import { Versions } from "./Versions";

/** What the person wrote, as they wrote it. */
export function QuestionMessage({
  message,
  versions,
}: {
  message: Message;
  versions: readonly string[];
}): React.JSX.Element {
  const actions = use(ConversationActionsContext);
  const isEditing = useStore(actions.editing, (editing) => editing.id === message.id);
  return (
    <article
      data-message={message.id}
      data-role="user"
      tabIndex={-1}
      aria-labelledby={`who-${message.id}`}
      className="group pt-6 outline-offset-4"
    >
      <div className="flex min-h-6 items-center gap-1 text-ui text-ink-3">
        <h2 id={`who-${message.id}`} className="flex-1 font-normal">
          <span className="font-medium text-ink-2">You</span> · <Time at={message.created_at} />
        </h2>
        <Versions message={message} versions={versions} />
        <span className="flex opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 print:hidden coarse:opacity-100">
          <IconButton dense label="Edit" onClick={() => actions.edit(message)}>
            <Pencil aria-hidden="true" size={16} strokeWidth={1.5} />
          </IconButton>
          <Menu
            label="Branch"
            align="end"
            items={[
              { label: "Branch from here", keys: "b", onSelect: () => actions.branch(message, false) },
              {
                label: "Branch with my messages only",
                note: "Leaves all answers behind",
                onSelect: () => actions.branch(message, true),
              },
            ]}
          >
            <IconButton dense label="Branch" keys="B">
              <GitBranch aria-hidden="true" size={16} strokeWidth={1.5} />
            </IconButton>
          </Menu>
        </span>
      </div>
      {isEditing ? (
        <EditQuestion message={message} />
      ) : (
        <>
          <AttachmentList attachments={message.attachments} />
          <div data-text="" dir="auto" className="max-w-answer text-answer break-words whitespace-pre-wrap text-ink">
            {message.content}
          </div>
        </>
      )}
    </article>
  );
}
