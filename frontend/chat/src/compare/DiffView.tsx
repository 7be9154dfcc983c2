import { useMemo } from "react";
import { formatCount } from "@trunkline/kit/format";
import { cx } from "@trunkline/kit/cx";
import { countWords, difference, type DiffPart } from "./difference";

/** Told by the line under or through the text, not by colour alone. */
const LOOKS = {
  same: { Element: "span", look: "" },
  added: { Element: "ins", look: "bg-ok-soft text-ok underline decoration-ok underline-offset-2" },
  removed: { Element: "del", look: "bg-danger-soft text-danger line-through" },
} as const satisfies Record<DiffPart["kind"], { Element: string; look: string }>;

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
        {parts.map((part, index) => {
          const { Element, look } = LOOKS[part.kind];
          return (
            <Element key={index} className={cx(look, part.code && "font-mono text-ui")}>
              {part.text}
            </Element>
          );
        })}
      </div>
    </div>
  );
}
