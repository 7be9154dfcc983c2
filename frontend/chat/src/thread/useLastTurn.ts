import { use, useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { ConversationActionsContext } from "./actions";

/** Space above the question and below the answer, pixels. */
const MARGIN_PX = 24;

interface LastTurn {
  ref: RefObject<HTMLDivElement | null>;
  /** Whether the turn is at least as tall as the screen, so that its question can stand at the top. */
  hasRoom: boolean;
}

/** After sending, the question moves to the top, and nothing moves again until its answer has filled the screen. */
export function useLastTurn(
  scroller: RefObject<HTMLDivElement | null>,
  isPinned: RefObject<boolean>,
  toEnd: () => void,
): LastTurn {
  const ref = useRef<HTMLDivElement>(null);
  const [hasRoom, setRoom] = useState(false);
  const { sentListeners } = use(ConversationActionsContext);

  const makeRoom = useCallback(() => {
    setRoom(true);
    // Who is reading further up is not pulled down; "Latest" leads there.
    if (isPinned.current) requestAnimationFrame(toEnd);
  }, [isPinned, toEnd]);

  useEffect(() => {
    sentListeners.add(makeRoom);
    return () => void sentListeners.delete(makeRoom);
  }, [sentListeners, makeRoom]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = new ResizeObserver(() => {
      ref.current?.style.setProperty("--turn-room", `${Math.max(0, element.clientHeight - 2 * MARGIN_PX)}px`);
    });
    measure.observe(element);
    return () => measure.disconnect();
  }, [scroller]);

  return { ref, hasRoom };
}
