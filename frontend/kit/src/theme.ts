import { useSyncExternalStore } from "react";

/** What a person chose; "system" follows the operating system. */
export type ThemeChoice = "light" | "dark" | "system";

const KEY = "tl-theme";
const CHANGED = "tl-theme-changed";
const DARK = "(prefers-color-scheme: dark)";

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function apply(choice: ThemeChoice): void {
  const dark = choice === "dark" || (choice === "system" && matchMedia(DARK).matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

/** Keeps the choice and shows it at once, in every part of the page that uses `useTheme`. */
export function setTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  apply(choice);
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(changed: () => void): () => void {
  const system = matchMedia(DARK);
  const follow = (): void => {
    apply(stored());
    changed();
  };
  system.addEventListener("change", follow);
  window.addEventListener("storage", follow);
  window.addEventListener(CHANGED, changed);
  return () => {
    system.removeEventListener("change", follow);
    window.removeEventListener("storage", follow);
    window.removeEventListener(CHANGED, changed);
  };
}

/** The choice, and the way to change it: `const [theme, setTheme] = useTheme()`. */
export function useTheme(): [ThemeChoice, (choice: ThemeChoice) => void] {
  return [useSyncExternalStore(subscribe, stored), setTheme];
}
