import { useSyncExternalStore } from "react";

const KEY = "tl-admin-letters";
const CHANGED = "tl-admin-letters-changed";

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

function write(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Without storage the choice lasts until the page is left, which is no reason to fail.
  }
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(changed: () => void): () => void {
  window.addEventListener(CHANGED, changed);
  return () => window.removeEventListener(CHANGED, changed);
}

/** Whether single letters are keys; a person who speaks to the computer switches them off (WCAG 2.1.4). */
export function useLetters(): [boolean, (on: boolean) => void] {
  return [useSyncExternalStore(subscribe, read), write];
}
