import { useLocation } from "@tanstack/react-router";
import { Dialog } from "radix-ui";
import { useEffect } from "react";
import { Rail } from "./Rail";
import { closeOverlay, useOverlay } from "./shellStore";

/** The rail on a narrow page: over it, from the left. */
export function RailDrawer(): React.JSX.Element {
  const [open, setOpen] = useOverlay("rail");
  const { href } = useLocation();
  useEffect(() => {
    closeOverlay();
  }, [href]);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-shade bg-shade lg:hidden" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 w-[min(20rem,88vw)] bg-sunken shadow-overlay outline-none lg:hidden"
        >
          <Dialog.Title className="sr-only">Conversations</Dialog.Title>
          <Rail />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
