import { ChevronDown } from "lucide-react";
import { ProviderMark } from "@trunkline/kit/ProviderMark";
import { openOverlay } from "@/app/shellStore";
import { useModel } from "@/thread/conversationSettings";

/** The model of the next turn; pressed, the list of all models. */
export function ModelButton({ modelId }: { modelId: string | null }): React.JSX.Element {
  const model = useModel(modelId);
  const name = model?.name ?? modelId ?? "Choose a model";
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      title={`${name} (${navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl"} ;)`}
      className="flex h-8 min-w-0 items-center gap-1.5 rounded-control px-2 text-control text-ink hover:bg-sunken coarse:h-11"
      onClick={() => openOverlay("picker")}
    >
      {modelId !== null && <ProviderMark provider={model?.provider} />}
      <span className="sr-only">Model: </span>
      <span className="truncate">{name}</span>
      <ChevronDown aria-hidden="true" size={16} strokeWidth={1.5} className="flex-none text-ink-3" />
    </button>
  );
}
