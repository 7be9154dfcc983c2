import { lazy, Suspense, use } from "react";
import { useOverlay } from "@/app/shellStore";
import { ConversationActionsContext } from "./actions";
import { useStore } from "zustand";

const ModelPicker = lazy(() => import("@/picker/ModelPicker").then((room) => ({ default: room.ModelPicker })));

interface PickerHostProps {
  value: string | null;
  onPick: (modelId: string) => void;
}

/** The list of models, for the next turn or for what asked for one (an answer that is tried again elsewhere). */
export function PickerHost({ value, onPick }: PickerHostProps): React.JSX.Element {
  const [open, setOpen] = useOverlay("picker");
  const { pickFor } = use(ConversationActionsContext);
  const purpose = useStore(pickFor);
  const close = (wanted: boolean): void => {
    setOpen(wanted);
    if (!wanted) pickFor.setState({ then: null, title: null });
  };
  return (
    <Suspense fallback={null}>
      {open && (
        <ModelPicker
          value={value}
          open
          onOpenChange={close}
          onPick={purpose.then ?? onPick}
          {...(purpose.title === null ? {} : { title: purpose.title })}
        />
      )}
    </Suspense>
  );
}
