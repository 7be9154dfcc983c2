import { X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { useSyncExternalStore } from "react";
import { Button } from "./Button.tsx";
import { IconButton } from "./IconButton.tsx";

interface Toasted {
  id: number;
  text: string;
  undo: (() => void) | undefined;
  seconds: number;
}

let shown: readonly Toasted[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(list: readonly Toasted[]): void {
  shown = list;
  for (const listener of listeners) listener();
}

/**
 * Says that something happened, with the way back: `toast("Conversation deleted", { undo })`. For undo and for results
 * of work in the background; an error that a person must act on belongs where it happened. Eight seconds.
 */
export function toast(text: string, options: { undo?: () => void; seconds?: number } = {}): void {
  const fresh: Toasted = { id: next, text, undo: options.undo, seconds: options.seconds ?? 8 };
  next += 1;
  change([...shown.slice(-2), fresh]);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

/** Where toasts appear. Once in a page. F8 moves the focus there. */
export function Toaster(): React.JSX.Element {
  const list = useSyncExternalStore(subscribe, () => shown);
  const drop = (id: number) => (open: boolean) => {
    if (!open) change(shown.filter((one) => one.id !== id));
  };
  return (
    <Radix.Provider label="Notice" swipeDirection="down">
      {list.map((one) => (
        <Radix.Root
          key={one.id}
          duration={one.seconds * 1_000}
          onOpenChange={drop(one.id)}
          className="flex animate-overlay items-center gap-3 rounded-overlay bg-ink py-1.5 pr-1.5 pl-3 text-canvas shadow-overlay"
        >
          <Radix.Description className="min-w-0 flex-1 text-control">{one.text}</Radix.Description>
          {one.undo !== undefined && (
            <Radix.Action asChild altText="Undo">
              <Button dense look="plain" onClick={one.undo}>
                Undo
              </Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton dense label="Dismiss" className="text-canvas">
              <X aria-hidden="true" size={16} strokeWidth={1.5} />
            </IconButton>
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className="fixed bottom-4 left-1/2 z-60 m-0 flex w-[min(24rem,100vw-2rem)] -translate-x-1/2 list-none flex-col gap-2 p-0 outline-none" />
    </Radix.Provider>
  );
}
