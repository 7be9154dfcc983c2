import { ChevronLeft, ChevronRight } from "lucide-react";
import { use } from "react";
import { IconButton } from "@trunkline/kit/IconButton";
import type { Message } from "@/api/types";
import { ConversationActionsContext } from "./actions";

/** ‹ 2 of 3 ›: the versions of a turn. Nothing where there is one only. */
export function Versions({ message, versions }: { message: Message; versions: readonly string[] }) {
  const { showVersion } = use(ConversationActionsContext);
  const at = versions.indexOf(message.id);
  if (versions.length < 2) return null;
  return (
    <span className="flex items-center text-meta text-ink-3" role="group" aria-label="Versions">
      <IconButton dense label="Earlier version" keys="[" disabled={at <= 0} onClick={() => showVersion(message, -1)}>
        <ChevronLeft aria-hidden="true" size={16} strokeWidth={1.5} />
      </IconButton>
      <span className="whitespace-nowrap">
        {at + 1} of {versions.length}
      </span>
      <IconButton
        dense
        label="Later version"
        keys="]"
        disabled={at >= versions.length - 1}
        onClick={() => showVersion(message, 1)}
      >
        <ChevronRight aria-hidden="true" size={16} strokeWidth={1.5} />
      </IconButton>
    </span>
  );
}
