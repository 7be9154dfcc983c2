import { useEffect, useRef } from "react";
import { tinykeys } from "tinykeys";

/** "$mod+k" is ⌘K or Ctrl+K; "v 1" is one key after the other; "[Shift]+?" takes a sign however it is typed. */
export type Hotkeys = Record<string, (event: KeyboardEvent) => void>;

interface HotkeyOptions {
  /** False takes every key away. Default true. */
  enabled?: boolean;
  /** False takes away those without ⌘ or Ctrl: single letters must be possible to switch off (WCAG 2.1.4). */
  letters?: boolean;
}

const EDITABLE = "input, textarea, select, [contenteditable=''], [contenteditable='true']";

function needsModifier(keys: string): boolean {
  return keys.split(" ").every((press) => !/\$mod|Control|Meta|Alt/.test(press)) && keys !== "Escape";
}

/** True for keys that belong to an input method or to a field that is being typed in. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  // Safari sends the Enter that ends a composition after compositionend, with keyCode 229.
  if (event.isComposing || event.keyCode === 229 || event.repeat) return true;
  const typing = event.target instanceof Element && event.target.closest(EDITABLE) !== null;
  return typing && !(event.metaKey || event.ctrlKey || event.key === "Escape");
}

/**
 * Keys for as long as the component is there. Keys without ⌘ or Ctrl do nothing inside a field or while an overlay
 * (dialog or menu) is open, except Escape.
 */
export function useHotkeys(hotkeys: Hotkeys, { enabled = true, letters = true }: HotkeyOptions = {}): void {
  const current = useRef(hotkeys);
  useEffect(() => {
    current.current = hotkeys;
  });
  const names = Object.keys(hotkeys)
    .filter((keys) => letters || !needsModifier(keys))
    .join("\n");
  useEffect(() => {
    if (!enabled || names === "") return;
    const map: Hotkeys = {};
    for (const keys of names.split("\n")) {
      map[keys] = (event) => {
        const overlay = document.querySelector("[role=dialog], [role=alertdialog], [role=menu]");
        if (overlay !== null && needsModifier(keys)) return;
        current.current[keys]?.(event);
      };
    }
    return tinykeys(window, map, { ignore: belongsElsewhere });
  }, [names, enabled]);
}
