import { useCallback, useEffect, useState } from "react";
import { announce } from "@trunkline/kit/StatusText";

const SHOWN_MS = 1_500;

/** Whether something was copied just now, and the way to copy. */
export function useCopy(): [copied: boolean, copy: (text: string) => void] {
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    if (at === null) return;
    const timer = setTimeout(() => setAt(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [at]);
  const copy = useCallback((text: string) => {
    void copyText(text).then((done) => {
      announce(done ? "Copied" : "The browser did not allow copying");
      if (done) setAt(Date.now());
    });
  }, []);
  return [at !== null, copy];
}

/** Puts text on the clipboard; false where the browser forbids it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
