import { Link, useLocation } from "@tanstack/react-router";
import { Columns2, Ellipsis } from "lucide-react";
import { useState } from "react";
import { cx } from "@trunkline/kit/cx";
import { IconButton } from "@trunkline/kit/IconButton";
import { Menu } from "@trunkline/kit/Menu";
import type { Conversation } from "@/api/types";
import { RenameField } from "./RenameField";
import { useConversationActions } from "./useConversationActions";

/** A conversation in the rail, with what can be done to it behind the dots. */
export function RailItem({ conversation }: { conversation: Conversation }): React.JSX.Element {
  const [renaming, setRenaming] = useState(false);
  const { pathname } = useLocation();
  const actions = useConversationActions(conversation);
  const href = conversation.kind === "compare" ? `/compare/${conversation.id}` : `/c/${conversation.id}`;
  const isHere = pathname === href;
  if (renaming) {
    return (
      <li>
        <RenameField title={conversation.title} onRename={actions.rename} onClose={() => setRenaming(false)} />
      </li>
    );
  }
  return (
    <li className="group relative">
      <Link
        to={href}
        aria-current={isHere ? "page" : undefined}
        className={cx(
          "flex h-8 items-center gap-1.5 rounded-control pr-8 pl-2 text-control no-underline hover:bg-canvas hover:no-underline coarse:h-11",
          isHere ? "bg-canvas font-medium text-ink" : "text-ink-2",
        )}
      >
        {conversation.kind === "compare" && (
          <Columns2 aria-label="Comparison" size={14} strokeWidth={1.5} className="flex-none text-ink-3" />
        )}
        <span className="truncate" dir="auto">
          {conversation.title === "" ? "New chat" : conversation.title}
        </span>
      </Link>
      <div className="absolute inset-y-0 right-1 flex items-center opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 has-data-[state=open]:opacity-100 coarse:opacity-100">
        <Menu
          label={`Actions for ${conversation.title}`}
          align="end"
          items={[
            { label: conversation.pinned ? "Unpin" : "Pin", onSelect: actions.togglePin },
            { label: "Rename", onSelect: () => setRenaming(true) },
            null,
            { label: "Delete", danger: true, onSelect: actions.remove },
          ]}
        >
          <IconButton dense label={`Actions for ${conversation.title === "" ? "New chat" : conversation.title}`}>
            <Ellipsis aria-hidden="true" size={16} strokeWidth={1.5} />
          </IconButton>
        </Menu>
      </div>
    </li>
  );
}
