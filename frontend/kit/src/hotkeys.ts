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

/**
 * The first binding that fits is the one that acts, in the order of the object's names. Sequences stand first, so that
 * the 1 of "v 1" is no 1 of its own; and a digit is written as a pattern, since bare digits lead the names of any object.
 */
function nameFor(keys: string): string {
  return /^\d$/.test(keys) ? `(${keys})` : keys;
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
    .toSorted((a, b) => b.split(" ").length - a.split(" ").length)
    .join("\n");
  useEffect(() => {
    if (!enabled || names === "") return;
    const map: Hotkeys = {};
    for (const keys of names.split("\n")) {
      map[nameFor(keys)] = (event) => {
        const overlay = document.querySelector("[role=dialog], [role=alertdialog], [role=menu]");
        if (overlay !== null && needsModifier(keys)) return;
        current.current[keys]?.(event);
      };
    }
    return tinykeys(window, map, { ignore: belongsElsewhere });
  }, [names, enabled]);
}
