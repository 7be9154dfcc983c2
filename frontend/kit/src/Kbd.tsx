import { cx } from "./cx.ts";

const APPLE = typeof navigator !== "undefined" && /Mac|iP(hone|ad|od)/.test(navigator.platform);

const NAMES: Record<string, string> = APPLE
  ? { $mod: "⌘", Shift: "⇧", Alt: "⌥" }
  : { $mod: "Ctrl", Shift: "Shift", Alt: "Alt" };

/** "$mod+k" as it is written on this machine's keys: "⌘ K" or "Ctrl K". */
export function keysText(keys: string): string {
  return keys
    .split(" ")
    .map((press) =>
      press
        .split("+")
        .map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))
        .join(" "),
    )
    .join(" then ");
}

interface KbdProps {
  /** In the words of useHotkeys: "$mod+k", "Shift+Enter", "v 1". */
  keys: string;
  className?: string;
}

/** Keys to press, small and dimmed. Hidden on devices without a keyboard. */
export function Kbd({ keys, className }: KbdProps): React.JSX.Element {
  return <kbd className={cx("font-sans text-meta text-ink-3 coarse:hidden", className)}>{keysText(keys)}</kbd>;
}
