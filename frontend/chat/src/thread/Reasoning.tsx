import { ChevronRight } from "lucide-react";
import { useStore } from "zustand";
import { cx } from "@trunkline/kit/cx";
import { formatDuration } from "@trunkline/kit/format";
import { openReasoning, setOpenReasoning } from "./openParts";

interface ReasoningProps {
  messageId: string;
  text: string;
  /** How long it took; null while it goes on, or where nobody knows. */
  ms: number | null;
  isThinking: boolean;
}

/** The model's reasoning, folded, with the time it took. It is text, not Markdown: nobody wrote it to be read. */
export function Reasoning({ messageId, text, ms, isThinking }: ReasoningProps): React.JSX.Element | null {
  const open = useStore(openReasoning, (all) => all[messageId] ?? false);
  if (text === "") return null;
  const time = isThinking ? ", thinking…" : ms === null ? "" : `, ${formatDuration(ms)}`;
  return (
    <div className="py-1">
      <button
        type="button"
        aria-expanded={open}
        className="-ml-1 flex items-center gap-1 rounded-control px-1 text-ui text-ink-3 hover:text-ink coarse:min-h-11"
        onClick={() => setOpenReasoning(messageId, !open)}
      >
        <ChevronRight aria-hidden="true" size={16} strokeWidth={1.5} className={cx(open && "rotate-90")} />
        Reasoning{time}
      </button>
      {open && (
        <div
          dir="auto"
          className="mt-1 max-w-answer border-l border-line pl-3 text-control break-words whitespace-pre-wrap text-ink-2"
        >
          {text}
        </div>
      )}
    </div>
  );
}
