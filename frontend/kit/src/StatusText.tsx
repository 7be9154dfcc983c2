import { useSyncExternalStore } from "react";

interface Said {
  polite: string;
  assertive: string;
}

let said: Said = { polite: "", assertive: "" };
const listeners = new Set<() => void>();

/**
 * Has the screen reader say a text once: politely, or at once for an error. The same text twice in a row is said twice:
 * a no-break space is added, because a live region that does not change is not read.
 */
export function announce(text: string, options: { assertive?: boolean } = {}): void {
  const kind = options.assertive === true ? "assertive" : "polite";
  said = { ...said, [kind]: said[kind] === text ? `${text}\u00a0` : text };
  for (const listener of listeners) listener();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

/** The two hidden live regions that `announce` speaks through. Once in a page, always mounted. */
export function StatusText(): React.JSX.Element {
  const { polite, assertive } = useSyncExternalStore(subscribe, () => said);
  return (
    <>
      <div role="status" aria-live="polite" className="sr-only">
        {polite}
      </div>
      <div role="alert" aria-live="assertive" className="sr-only">
        {assertive}
      </div>
    </>
  );
}
