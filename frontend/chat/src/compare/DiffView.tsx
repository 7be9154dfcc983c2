import { useMemo } from "react";
import { formatCount } from "@trunkline/kit/format";
import { countWords, difference } from "./difference";

interface DiffViewProps {
  pinned: string;
  other: string;
  pinnedLetter: string;
}

/** An answer as its difference from the pinned one: what is only here is underlined, what only the other has is struck. */
export function DiffView({ pinned, other, pinnedLetter }: DiffViewProps): React.JSX.Element {
  const parts = useMemo(() => difference(pinned, other), [pinned, other]);
  const counts = useMemo(() => countWords(parts), [parts]);
  return (
    <div>
      <p className="mt-0 mb-2 text-ui text-ink-3">
        {formatCount(counts.same)} words the same as {pinnedLetter}, {formatCount(counts.added)} only here,{" "}
        {formatCount(counts.removed)} only in {pinnedLetter}
      </p>
      <div dir="auto" className="max-w-answer text-answer break-words whitespace-pre-wrap">
        {parts.map((part, index) =>
          part.kind === "same" ? (
            <span key={index}>{part.text}</span>
          ) : part.kind === "added" ? (
            <ins key={index} className="bg-ok-soft text-ok underline decoration-ok underline-offset-2">
              {part.text}
            </ins>
          ) : (
            <del key={index} className="bg-danger-soft text-danger line-through">
              {part.text}
            </del>
          ),
        )}
      </div>
    </div>
  );
}
