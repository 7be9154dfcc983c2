import { useState } from "react";
import { Button } from "@trunkline/kit/Button";
import { formatCount } from "@trunkline/kit/format";
import { Dialog } from "@trunkline/kit/Dialog";
import { Select } from "@trunkline/kit/Select";
import { TextArea, TextField } from "@trunkline/kit/TextField";
import { useOverlay } from "@/app/shellStore";
import type { Params } from "@/api/types";
import { changeTurnSettings, useModel, type TurnSettings } from "@/thread/conversationSettings";

const EFFORTS = [
  { value: "", label: "As the model chooses" },
  { value: "none", label: "None" },
  { value: "low", label: "Low" },
  { value: "medium", label: "Medium" },
  { value: "high", label: "High" },
];

interface NumberRule {
  label: string;
  min: number;
  max: number;
  whole: boolean;
}

const NUMBERS: Record<"temperature" | "top_p" | "max_tokens", NumberRule> = {
  temperature: { label: "Temperature", min: 0, max: 2, whole: false },
  top_p: { label: "Top p", min: 0.01, max: 1, whole: false },
  max_tokens: { label: "Longest answer, tokens", min: 1, max: 10_000_000, whole: true },
};

type NumberName = keyof typeof NUMBERS;
type Typed = Record<NumberName, string>;

/** The number that was typed; null for none, undefined for one that cannot be. */
function parse(text: string, rule: NumberRule): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text.replace(",", "."));
  const fits =
    Number.isFinite(value) && value >= rule.min && value <= rule.max && (!rule.whole || Number.isInteger(value));
  return fits ? value : undefined;
}

const typed = (value: number | null | undefined): string =>
  value === null || value === undefined ? "" : String(value);

/** System prompt and parameters of this conversation, and of no other. */
export default function TurnSettingsDialog({
  conversationId,
  settings,
}: {
  conversationId: string;
  settings: TurnSettings;
}) {
  const [open, onOpenChange] = useOverlay("settings");
  const model = useModel(settings.model);
  const [system, setSystem] = useState(settings.system ?? "");
  const [effort, setEffort] = useState<Params["reasoning_effort"]>(settings.params.reasoning_effort);
  const [numbers, setNumbers] = useState<Typed>({
    temperature: typed(settings.params.temperature),
    top_p: typed(settings.params.top_p),
    max_tokens: typed(settings.params.max_tokens),
  });
  const values = {
    temperature: parse(numbers.temperature, NUMBERS.temperature),
    top_p: parse(numbers.top_p, NUMBERS.top_p),
    max_tokens: parse(numbers.max_tokens, NUMBERS.max_tokens),
  };
  const { temperature, top_p, max_tokens } = values;
  const isWrong = temperature === undefined || top_p === undefined || max_tokens === undefined;

  const save = (): void => {
    if (isWrong) return;
    const params: Params = { temperature, top_p, max_tokens, reasoning_effort: effort ?? null };
    changeTurnSettings(conversationId, { system: system.trim() === "" ? null : system, params });
    onOpenChange(false);
  };

  const field = (name: NumberName): React.JSX.Element => {
    const { label, min, max } = NUMBERS[name];
    const ignored = name === "temperature" && model !== undefined && !model.abilities.temperature;
    return (
      <TextField
        key={name}
        label={label}
        inputMode="decimal"
        placeholder="As the model chooses"
        value={numbers[name]}
        hint={ignored ? `${model.name} takes none` : `${min} to ${formatCount(max)}`}
        error={values[name] === undefined ? `A number from ${min} to ${formatCount(max)}` : null}
        onChange={(event) => setNumbers({ ...numbers, [name]: event.target.value })}
      />
    );
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="System prompt and settings"
      description="For this conversation only, from the next message on."
      width="wide"
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button look="primary" disabled={isWrong} onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <TextArea
          label="System prompt"
          rows={6}
          placeholder="What the model is told before everything else"
          value={system}
          maxLength={200_000}
          onChange={(event) => setSystem(event.target.value)}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          {field("temperature")}
          {field("top_p")}
          {field("max_tokens")}
          <Select
            label="Reasoning"
            value={effort ?? ""}
            options={EFFORTS}
            hint={model !== undefined && !model.abilities.reasoning ? `${model.name} does not reason` : undefined}
            onChange={(value) => setEffort(value === "" ? null : (value as NonNullable<Params["reasoning_effort"]>))}
          />
        </div>
      </div>
    </Dialog>
  );
}
