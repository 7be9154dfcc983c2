import { useEffect, useRef } from "react";
import type { DraftFile } from "./drafts";

/** Calls `check` when the model or the stored files change; what is typed calls it by itself. */
export function useCheckOnChange(check: () => void, model: string | null, files: readonly DraftFile[]): void {
  const latest = useRef(check);
  useEffect(() => {
    latest.current = check;
  });
  const stored = files.map((file) => file.attachment?.id ?? "").join(" ");
  useEffect(() => {
    latest.current();
  }, [model, stored]);
}
