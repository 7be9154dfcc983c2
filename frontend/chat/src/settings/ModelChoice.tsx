import { useQuery } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { modelsQuery } from "@/api/models";
import { ModelPicker } from "@/picker/ModelPicker";
import { isReady, reasonOf } from "@/picker/state";
import { Button } from "@trunkline/kit/Button";
import { Words } from "@trunkline/kit/Words";

interface ModelChoiceProps {
  /** What the model is for. */
  label: string;
  value: string;
  onChange: (modelId: string) => void;
}

/** A model as a button that opens the picker; says when it would not answer. */
export function ModelChoice({ label, value, onChange }: ModelChoiceProps): React.JSX.Element {
  const [open, setOpen] = useState(false);
  const { data: list } = useQuery(modelsQuery);
  const model = list?.models.find((one) => one.id === value);
  return (
    <div>
      <Button aria-haspopup="dialog" className="max-w-full min-w-0 flex-initial" onClick={() => setOpen(true)}>
        <span className="sr-only">{label}: </span>
        {model?.name ?? (value === "" ? "Choose…" : value)}
        <span className="min-w-0 truncate font-normal text-ink-3">{model?.provider}</span>
        <ChevronDown aria-hidden="true" size={16} strokeWidth={1.5} className="text-ink-3" />
      </Button>
      {model !== undefined && !isReady(model) && (
        <p className="mt-1 mb-0 text-ui text-warn">
          <Words>{reasonOf(model)}</Words>
        </p>
      )}
      {model === undefined && list !== undefined && value !== "" && (
        <p className="mt-1 mb-0 text-ui text-warn">The gateway has no such model.</p>
      )}
      <ModelPicker title={label} value={value} open={open} onOpenChange={setOpen} onPick={onChange} />
    </div>
  );
}
