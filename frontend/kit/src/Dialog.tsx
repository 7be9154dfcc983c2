import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef } from "react";
import { cx } from "./cx.ts";
import { IconButton } from "./IconButton.tsx";
import "./nonce.ts";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** Hides the title from view; it is still read out. */
  titleHidden?: boolean;
  description?: React.ReactNode;
  /** The row of buttons at the end. */
  footer?: React.ReactNode;
  /** narrow 420 px · wide 720 px · full 960 px; all of a phone's width. */
  width?: "narrow" | "wide" | "full";
  /** Does not close by Escape or a press outside: for what is shown only once. */
  firm?: boolean;
  /** Takes the focus instead of the first control. */
  onOpenAutoFocus?: (event: Event) => void;
  children?: React.ReactNode;
}

function CloseButton(): React.JSX.Element {
  return (
    <Radix.Close asChild>
      <IconButton label="Close" keys="Esc">
        <X aria-hidden="true" size={16} strokeWidth={1.5} />
      </IconButton>
    </Radix.Close>
  );
}

const WIDTHS = { narrow: "sm:max-w-[420px]", wide: "sm:max-w-[720px]", full: "sm:max-w-[960px]" } as const;

/** A dialog over the page: takes the focus, gives it back when it closes, and is the only shadow around. */
export function Dialog(props: DialogProps): React.JSX.Element {
  const { open, onOpenChange, title, titleHidden = false, description, footer, children } = props;
  const { width = "narrow", firm = false, onOpenAutoFocus } = props;
  const opener = useRef<Element | null>(null);
  const stay = firm ? (event: Event) => event.preventDefault() : undefined;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-shade bg-shade" />
        <Radix.Content
          {...(stay === undefined ? {} : { onEscapeKeyDown: stay, onInteractOutside: stay })}
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement;
            onOpenAutoFocus?.(event);
          }}
          // Radix gives the focus back to a trigger; a dialog that keys opened has none.
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
          }}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className={cx(
            "fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[90dvh] w-full animate-overlay flex-col bg-raised text-ink shadow-overlay outline-none sm:top-[12dvh] sm:bottom-auto sm:max-h-[76dvh] sm:rounded-overlay",
            WIDTHS[width],
          )}
        >
          <div className={cx("flex items-start gap-2 px-4 pt-3", titleHidden && "sr-only")}>
            <Radix.Title className="m-0 flex-1 py-1 text-lead font-semibold">{title}</Radix.Title>
            {!firm && !titleHidden && <CloseButton />}
          </div>
          {description !== undefined && (
            <Radix.Description asChild>
              <div className="px-4 pt-1 text-control text-ink-2">{description}</div>
            </Radix.Description>
          )}
          <div className={cx("min-h-0 flex-1 scroll-quiet overflow-y-auto", !titleHidden && "px-4 py-3")}>
            {children}
          </div>
          {/* Without a visible head it comes last, so that the first control of the content has the focus. */}
          {!firm && titleHidden && (
            <div className="absolute -top-10 right-1 rounded-control bg-raised not-focus-within:sr-only">
              <CloseButton />
            </div>
          )}
          {footer !== undefined && (
            <div className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">{footer}</div>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
