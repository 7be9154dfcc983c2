import { use, useState } from "react";
import type { Loss, Message } from "@/api/types";
import { ConversationActionsContext } from "./actions";
import { useModel } from "./conversationSettings";
import { lossWords } from "./lossWords";

interface SwitchMarkProps {
  answer: Message;
  from: string | null;
  losses: readonly Loss[];
}

const LINK = "rounded-control underline decoration-line-strong underline-offset-2 hover:text-ink coarse:min-h-11";

/** Where another model takes over, and what it did not get. It stays in the thread for ever. */
export function SwitchMark({ answer, from, losses }: SwitchMarkProps): React.JSX.Element {
  const { retryElsewhere } = use(ConversationActionsContext);
  const model = useModel(answer.model);
  const [isOpen, setOpen] = useState(false);
  const name = model?.name ?? answer.model ?? "Another model";
  const left = losses.length === 0 ? "" : `Left behind: ${lossWords(losses)}.`;
  return (
    <div className="pt-6" data-mark={losses.length > 0 ? "loss" : "switch"}>
      <div className="flex flex-wrap items-center gap-x-3 text-ui text-ink-3 before:h-px before:w-4 before:bg-line after:h-px after:flex-1 after:bg-line">
        <span>
          {from === null ? "" : `${name} from here. `}
          {left}
        </span>
        {losses.length > 0 && (
          <button type="button" className={LINK} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            Details
          </button>
        )}
        {losses.length > 0 && (
          <button type="button" className={LINK} onClick={() => retryElsewhere(answer)}>
            Change
          </button>
        )}
      </div>
      {isOpen && (
        <ul className="mt-1 list-disc pl-9 text-ui text-ink-2">
          {losses.map((loss) => (
            <li key={`${loss.path} ${loss.message}`}>
              {loss.message} <span className="text-ink-3">({loss.action})</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
