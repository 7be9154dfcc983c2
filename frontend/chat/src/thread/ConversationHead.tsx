import { Ellipsis, Menu as MenuIcon } from "lucide-react";
import { useState } from "react";
import { cx } from "@trunkline/kit/cx";
import { formatMoney } from "@trunkline/kit/format";
import { IconButton } from "@trunkline/kit/IconButton";
import { Menu, type MenuItem } from "@trunkline/kit/Menu";
import type { ConversationDetail } from "@/api/types";
import { copyText } from "@/answer/useCopy";
import { RenameField } from "@/app/RenameField";
import { openOverlay } from "@/app/shellStore";
import { useConversationActions } from "@/app/useConversationActions";
import { ModelButton } from "@/composer/ModelButton";
import { ContextGauge } from "./ContextGauge";
import type { TurnSettings } from "./conversationSettings";
import { conversationText } from "./conversationText";
import { provisionalConversation } from "@/runs/storeRun";
import type { MessageTree } from "./tree";

interface ConversationHeadProps {
  id: string;
  conversation: ConversationDetail | undefined;
  settings: TurnSettings;
  tree: MessageTree;
}

const ICON = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;

/** Title, model, how full the context is, what it has cost, and what can be done with the whole. */
export function ConversationHead({ id, conversation, settings, tree }: ConversationHeadProps): React.JSX.Element {
  const [renaming, setRenaming] = useState(false);
  const blank = provisionalConversation(
    {
      id: "",
      conversation_id: id,
      models: [],
      kind: "send",
      chat_kind: "chat",
      content: "",
      attachment_ids: [],
      accept_losses: true,
    },
    "",
  );
  const actions = useConversationActions(conversation ?? blank);
  const title = conversation?.title ?? "";
  const isStored = conversation !== undefined && conversation.messages.length > 0;
  const items: (MenuItem | null)[] = [
    { label: conversation?.pinned === true ? "Unpin" : "Pin", onSelect: actions.togglePin },
    { label: "Rename", onSelect: () => setRenaming(true) },
    { label: "Find in this conversation", keys: "$mod+f", onSelect: () => openOverlay("find") },
    {
      label: "Copy conversation",
      onSelect: () => void copyText(conversationText(title, tree.pathTo(conversation?.leaf_id ?? null))),
    },
    { label: "Export as Markdown", onSelect: () => download(id, "markdown") },
    { label: "Export as JSON", onSelect: () => download(id, "json") },
    null,
    { label: "Delete", danger: true, onSelect: actions.remove },
  ];
  return (
    <header className="flex h-12 flex-none items-center gap-1 border-b border-line px-2 sm:px-4 print:hidden">
      <IconButton label="Conversations" className="lg:hidden" onClick={() => openOverlay("rail")}>
        <MenuIcon {...ICON} />
      </IconButton>
      <div className="min-w-0 flex-1">
        {renaming ? (
          <RenameField title={title} onRename={actions.rename} onClose={() => setRenaming(false)} />
        ) : (
          <h1 className={cx("truncate px-1 text-control font-semibold", title === "" && "text-ink-3")} dir="auto">
            {title === "" ? "New chat" : title}
          </h1>
        )}
      </div>
      <ModelButton modelId={settings.model} />
      <ContextGauge conversationId={id} tree={tree} leafId={conversation?.leaf_id ?? null} modelId={settings.model} />
      {isStored && (
        <>
          <span className="px-2 text-ui text-ink-2 max-sm:hidden" title="What this conversation has cost">
            {/* Before anything is counted "$0" would say that it was free. */}
            {conversation.total_tokens > 0 && formatMoney(conversation.cost_nano)}
          </span>
          <Menu label="This conversation" align="end" items={items}>
            <IconButton label="This conversation">
              <Ellipsis {...ICON} />
            </IconButton>
          </Menu>
        </>
      )}
    </header>
  );
}

function download(id: string, format: "markdown" | "json"): void {
  const link = document.createElement("a");
  link.href = `/api/conversations/${id}/export?format=${format}`;
  link.download = "";
  link.click();
}
