import { useSearch } from "@tanstack/react-router";
import { useEffect, useRef, type RefObject } from "react";
import type { Row } from "./rows";
import type { VirtualHandle } from "./VirtualRows";

/** Brings the message of the address (`?m=`) into view and to the focus, once it is there. */
export function useShowMessage(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly Row[],
  virtual: RefObject<VirtualHandle | null>,
): void {
  const { m: wanted } = useSearch({ strict: false });
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (wanted === undefined || shown.current === wanted) return;
    const row = rows.find((each) => each.kind === "message" && each.message.id === wanted);
    if (!row) return;
    shown.current = wanted;
    virtual.current?.show(row.key);
    const frame = requestAnimationFrame(() => {
      const article = scroller.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(wanted)}"]`);
      article?.scrollIntoView({ block: "center" });
      article?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [wanted, rows, scroller, virtual]);
}
