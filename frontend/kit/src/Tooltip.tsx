import { Tooltip as Radix } from "radix-ui";

interface TooltipProps {
  /** What is said; the control must have a name of its own. */
  text: React.ReactNode;
  side?: "top" | "bottom" | "left" | "right";
  children: React.ReactElement;
}

/** More about a control, on hover and on focus. Not the only place of anything a person needs: a finger never sees it. */
export function Tooltip({ text, side = "top", children }: TooltipProps): React.JSX.Element {
  return (
    <Radix.Provider delayDuration={400}>
      <Radix.Root>
        <Radix.Trigger asChild>{children}</Radix.Trigger>
        <Radix.Portal>
          <Radix.Content
            side={side}
            sideOffset={4}
            collisionPadding={8}
            className="z-50 max-w-72 animate-overlay rounded-overlay bg-ink px-2 py-1 text-ui text-canvas shadow-overlay"
          >
            {text}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  );
}
