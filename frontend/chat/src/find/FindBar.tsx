import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { IconButton } from "@trunkline/kit/IconButton";
import type { Row } from "@/thread/rows";
import type { VirtualHandle } from "@/thread/VirtualRows";
import { findMatches, rangesIn, type Match } from "./search";

interface FindBarProps {
  rows: readonly Row[];
  scroller: RefObject<HTMLDivElement | null>;
  virtual: RefObject<VirtualHandle | null>;
  onClose: () => void;
}

const ICON = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;

/** Find in this conversation: over all of it, also what is not on the page. */
export function FindBar({ rows, scroller, virtual, onClose }: FindBarProps): React.JSX.Element {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const matches = useMemo(() => findMatches(rows, words), [rows, words]);
  const current = matches[Math.min(at, matches.length - 1)];

  useEffect(() => field.current?.focus(), []);
  usePainted(scroller, words, current, rows, virtual);

  const step = (by: number): void => {
    if (matches.length > 0) setAt((at + by + matches.length) % matches.length);
  };
  return (
    <search className="flex flex-none items-center gap-1 border-b border-line bg-surface px-3 py-1 sm:px-6">
      <input
        ref={field}
        type="search"
        aria-label="Find in this conversation"
        placeholder="Find in this conversation"
        className="h-8 min-w-0 flex-1 bg-transparent text-control text-ink outline-none [&::-webkit-search-cancel-button]:hidden"
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) step(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") {
            event.stopPropagation();
            onClose();
          }
        }}
      />
      <span role="status" className="px-2 text-ui whitespace-nowrap text-ink-3">
        {words.trim() === ""
          ? ""
          : matches.length === 0
            ? "Nothing found"
            : `${Math.min(at, matches.length - 1) + 1} of ${matches.length}`}
      </span>
      <IconButton label="Match before" onClick={() => step(-1)}>
        <ChevronUp {...ICON} />
      </IconButton>
      <IconButton label="Next match" onClick={() => step(1)}>
        <ChevronDown {...ICON} />
      </IconButton>
      <IconButton label="Close" keys="Esc" onClick={onClose}>
        <X {...ICON} />
      </IconButton>
    </search>
  );
}

/** Paints the matches on the page without touching its elements, and brings the current one into view. */
function usePainted(
  scroller: RefObject<HTMLDivElement | null>,
  words: string,
  current: Match | undefined,
  rows: readonly Row[],
  virtual: RefObject<VirtualHandle | null>,
): void {
  const shown = useRef("");
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const row = rows.find((each) => each.key === current?.key);
    const id = row?.kind === "message" ? row.message.id : undefined;
    const isNew = shown.current !== `${current?.key} ${current?.nth} ${words}`;
    shown.current = `${current?.key} ${current?.nth} ${words}`;
    if (current && isNew) virtual.current?.show(current.key);
    let needsShow = isNew;
    const paint = (): void => {
      const texts = [...element.querySelectorAll("[data-text]")];
      const here = id === undefined ? null : element.querySelector(`[data-message="${CSS.escape(id)}"] [data-text]`);
      const ranges = texts.map((text) => ({ text, found: rangesIn(text, words) }));
      const now = ranges.find(({ text }) => text === here)?.found;
      // The page can hold fewer matches than the text (marks of Markdown are not shown): then the last one.
      const nowRange = now?.[Math.min(current?.nth ?? 0, now.length - 1)];
      CSS.highlights.set("found", new Highlight(...ranges.flatMap(({ found }) => found)));
      CSS.highlights.set("found-now", new Highlight(...(nowRange ? [nowRange] : [])));
      if (nowRange && needsShow) {
        needsShow = false;
        nowRange.startContainer.parentElement?.scrollIntoView({ block: "center" });
      }
    };
    paint();
    const frame = requestAnimationFrame(paint);
    // Rows come and go while a long thread is scrolled.
    element.addEventListener("scroll", paint, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener("scroll", paint);
      CSS.highlights.delete("found");
      CSS.highlights.delete("found-now");
    };
  }, [scroller, words, current, rows, virtual]);
}
