import { useSyncExternalStore } from "react";

/** Whether a media query holds, kept up to date: `useMedia("(min-width: 768px)")`. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}
