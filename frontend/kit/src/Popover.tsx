import { Popover as Radix } from "radix-ui";
import { cx } from "./cx.ts";
import "./nonce.ts";

interface PopoverProps {
  /** The button that opens it. */
  trigger: React.ReactElement;
  /** Read out as the name of the panel. */
  label: string;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left" | "right";
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  className?: string;
  children: React.ReactNode;
}

/** A small panel next to the button that opened it. */
export function Popover(props: PopoverProps): React.JSX.Element {
  const { trigger, label, align = "start", side = "bottom", className, children } = props;
  const control = {
    ...(props.open === undefined ? {} : { open: props.open }),
    ...(props.onOpenChange === undefined ? {} : { onOpenChange: props.onOpenChange }),
  };
  return (
    <Radix.Root {...control}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          className={cx(
            "z-50 max-h-(--radix-popover-content-available-height) max-w-[min(40rem,100vw-1rem)] animate-overlay scroll-quiet overflow-y-auto rounded-overlay border border-line bg-raised p-3 text-control text-ink shadow-overlay outline-none",
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
