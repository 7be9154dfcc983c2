import { useRef } from "react";
import { Button } from "@trunkline/kit/Button";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { FindBar } from "@/find/FindBar";
import type { Conversation } from "@/api/types";
import { useOverlay } from "@/app/shellStore";
import { OriginMark } from "./OriginMark";
import { ThreadRow } from "./ThreadRow";
import { lastTurnStart, type Row } from "./rows";
import { useLastTurn } from "./useLastTurn";
import { usePinnedScroll } from "./usePinnedScroll";
import { usePrinting } from "./usePrinting";
import { useShowMessage } from "./useShowMessage";
import { useThreadKeys } from "./useThreadKeys";
import { VirtualRows, type VirtualHandle } from "./VirtualRows";

interface ThreadProps {
  id: string;
  rows: Row[];
  isLoading: boolean;
  origin: Conversation["continued_from"];
}

/** Beyond this many rows those above the last turn are drawn only where they can be seen. */
const PLAIN_ROWS = 60;

/**
 * The messages of the shown path. The last turn is always plain DOM, with room below it after sending, so that the
 * question can stand at the top while the answer fills the room.
 */
export function Thread({ id, rows, isLoading, origin }: ThreadProps): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const virtual = useRef<VirtualHandle>(null);
  const isPrinting = usePrinting();
  const [isFinding, setFinding] = useOverlay("find");
  const { isAtEnd, toEnd, isPinned } = usePinnedScroll(id, scroller, content, rows.length > 0);
  const start = lastTurnStart(rows);
  const lastTurn = useLastTurn(scroller, isPinned, toEnd);
  useThreadKeys(scroller, rows, virtual);
  useShowMessage(scroller, rows, virtual);
  const earlier = rows.slice(0, start);
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {isFinding && <FindBar rows={rows} scroller={scroller} virtual={virtual} onClose={() => setFinding(false)} />}
      <div
        ref={scroller}
        data-thread=""
        className="min-h-0 flex-1 scroll-quiet overflow-y-auto [overflow-anchor:none] print:overflow-visible"
      >
        <div
          ref={content}
          role="log"
          aria-live="off"
          aria-label="Conversation"
          className="mx-auto max-w-[calc(72ch+4rem)] px-3 pb-8 sm:px-6"
        >
          {origin !== null && <OriginMark origin={origin} />}
          {isLoading && <Skeleton lines={8} label="Loading the conversation" className="pt-4" />}
          {earlier.length > PLAIN_ROWS && !isPrinting ? (
            <VirtualRows ref={virtual} id={id} rows={earlier} scroller={scroller} />
          ) : (
            earlier.map((row) => <ThreadRow key={row.key} row={row} />)
          )}
          <div ref={lastTurn.ref} className={lastTurn.hasRoom ? "min-h-(--turn-room)" : undefined}>
            {rows.slice(start).map((row) => (
              <ThreadRow key={row.key} row={row} />
            ))}
          </div>
        </div>
      </div>
      {!isAtEnd && (
        <Button
          dense
          className="absolute bottom-2 left-1/2 -translate-x-1/2 shadow-overlay print:hidden"
          onClick={toEnd}
        >
          Latest ↓
        </Button>
      )}
    </div>
  );
}
