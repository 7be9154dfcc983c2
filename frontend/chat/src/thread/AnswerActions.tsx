import { Check, Copy, Ellipsis, RotateCw } from "lucide-react";
import { use } from "react";
import { IconButton } from "@trunkline/kit/IconButton";
import { Menu } from "@trunkline/kit/Menu";
import { useCopy } from "@/answer/useCopy";
import type { Message } from "@/api/types";
import { ConversationActionsContext } from "./actions";

const ICON = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;

/** What can be done with an answer. */
export function AnswerActions({ message, text }: { message: Message; text: string }): React.JSX.Element {
  const actions = use(ConversationActionsContext);
  const [copied, copy] = useCopy();
  return (
    <span className="flex flex-none opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 has-data-[state=open]:opacity-100 print:hidden coarse:opacity-100">
      <IconButton dense label={copied ? "Copied" : "Copy"} keys="Y" onClick={() => copy(text)}>
        {copied ? <Check {...ICON} /> : <Copy {...ICON} />}
      </IconButton>
      <Menu
        label="Answer again"
        align="end"
        items={[
          { label: "Answer again", keys: "r", onSelect: () => actions.retry(message) },
          { label: "Answer again with another model…", onSelect: () => actions.retryElsewhere(message) },
        ]}
      >
        <IconButton dense label="Answer again" keys="R">
          <RotateCw {...ICON} />
        </IconButton>
      </Menu>
      <Menu
        label="More"
        align="end"
        items={[
          { label: "Branch from here", keys: "b", onSelect: () => actions.branch(message, false) },
          {
            label: "Branch with my messages only",
            note: "Leaves all answers behind",
            onSelect: () => actions.branch(message, true),
          },
          { label: "Continue this answer", onSelect: () => actions.goOn(message) },
        ]}
      >
        <IconButton dense label="More">
          <Ellipsis {...ICON} />
        </IconButton>
      </Menu>
    </span>
  );
}
