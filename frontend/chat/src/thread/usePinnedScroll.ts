import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** This near the end counts as the end, pixels. */
const NEAR_PX = 48;
const UP_KEYS = new Set(["PageUp", "Home", "ArrowUp"]);

/** Where each conversation was left, pixels from the top; absent for its end. */
const places = new Map<string, number>();

interface PinnedScroll {
  /** Whether the end can be seen. */
  isAtEnd: boolean;
  /** Whether the thread follows what is added. */
  isPinned: RefObject<boolean>;
  toEnd: () => void;
}

const distance = (element: HTMLElement): number => element.scrollHeight - element.clientHeight - element.scrollTop;

/**
 * Follows the end of a thread until the reader moves away. Only what the reader does lets go: wheel, drag, keys, the
 * scrollbar, a selection or the focus inside. Scroll events alone never do, since growth causes them as well.
 */
export function usePinnedScroll(
  id: string,
  scroller: RefObject<HTMLDivElement | null>,
  content: RefObject<HTMLDivElement | null>,
  isFilled: boolean,
): PinnedScroll {
  const isPinned = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);

  const pin = useCallback(() => {
    const element = scroller.current;
    // Instant and idempotent: what is within a pixel is there.
    if (element && distance(element) > 1) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  const toEnd = useCallback(() => {
    isPinned.current = true;
    pin();
    setAtEnd(true);
  }, [pin]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !isFilled) return;
    const place = places.get(id);
    isPinned.current = place === undefined;
    element.scrollTop = place ?? element.scrollHeight;
    setAtEnd(distance(element) <= NEAR_PX);
  }, [id, isFilled, scroller]);

  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return;
    let isByHand = false;
    const release = (): void => {
      isByHand = true;
      isPinned.current = false;
    };
    const wheel = (event: WheelEvent): void => {
      if (event.deltaY < 0) release();
      else isByHand = true;
    };
    const key = (event: KeyboardEvent): void => {
      if (UP_KEYS.has(event.key)) release();
      else isByHand = true;
    };
    const pointer = (event: PointerEvent): void => {
      // Right of the content is the scrollbar.
      if (event.target === element && event.offsetX >= element.clientWidth) release();
    };
    const select = (): void => {
      const selection = getSelection();
      if (selection && !selection.isCollapsed && element.contains(selection.anchorNode)) release();
    };
    const scrolled = (): void => {
      const near = distance(element) <= NEAR_PX;
      setAtEnd(near);
      if (near) places.delete(id);
      else places.set(id, element.scrollTop);
      if (near && isByHand) isPinned.current = true;
    };
    const grown = new ResizeObserver(() => {
      if (isPinned.current) pin();
      else setAtEnd(distance(element) <= NEAR_PX);
    });
    grown.observe(content.current);
    grown.observe(element);
    const passive = { passive: true };
    element.addEventListener("wheel", wheel, passive);
    element.addEventListener("touchmove", release, passive);
    element.addEventListener("keydown", key);
    element.addEventListener("pointerdown", pointer);
    element.addEventListener("focusin", release);
    element.addEventListener("scroll", scrolled, passive);
    document.addEventListener("selectionchange", select);
    return () => {
      grown.disconnect();
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("touchmove", release);
      element.removeEventListener("keydown", key);
      element.removeEventListener("pointerdown", pointer);
      element.removeEventListener("focusin", release);
      element.removeEventListener("scroll", scrolled);
      document.removeEventListener("selectionchange", select);
    };
  }, [id, scroller, content, pin]);

  return { isAtEnd, isPinned, toEnd };
}
