import { useVirtualizer } from "@tanstack/react-virtual";
import { useImperativeHandle, type RefObject } from "react";
import { ThreadRow } from "./ThreadRow";
import type { Row } from "./rows";

export interface VirtualHandle {
  /** Brings a row into view; false when it is not one of these rows. */
  show: (key: string) => boolean;
}

interface VirtualRowsProps {
  ref: React.Ref<VirtualHandle>;
  id: string;
  rows: Row[];
  scroller: RefObject<HTMLDivElement | null>;
}

const OVERSCAN = 6;
const FIRST_GUESS_PX = 160;

/** Heights that were measured, by row: a conversation that is opened again has its place at once. */
const heights = new Map<string, number>();

/** The rows above the last turn, as far as they can be seen. */
export function VirtualRows({ ref, id, rows, scroller }: VirtualRowsProps): React.JSX.Element {
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => heights.get(`${id} ${rows[index]?.key}`) ?? FIRST_GUESS_PX,
    overscan: OVERSCAN,
    measureElement: (element) => {
      const height = Math.round(element.getBoundingClientRect().height);
      heights.set(`${id} ${element.getAttribute("data-key")}`, height);
      return height;
    },
  });
  useImperativeHandle(ref, () => ({
    show: (key) => {
      const index = rows.findIndex((row) => row.key === key);
      if (index >= 0) virtualizer.scrollToIndex(index, { align: "center" });
      return index >= 0;
    },
  }));
  return (
    <div className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map((item) => {
        const row = rows[item.index];
        return (
          row && (
            <div
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              data-key={row.key}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <ThreadRow row={row} />
            </div>
          )
        );
      })}
    </div>
  );
}
