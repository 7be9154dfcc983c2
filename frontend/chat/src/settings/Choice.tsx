interface ChoiceProps<Value extends string> {
  /** The name of the group, read out. */
  label: string;
  value: Value;
  options: readonly { value: Value; label: string; hint?: string }[];
  onChange: (value: Value) => void;
}

/** One of two or three, all of them visible. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: ChoiceProps<Value>): React.JSX.Element {
  return (
    <fieldset className="m-0 flex flex-wrap gap-x-6 gap-y-1 border-0 p-0">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="flex items-center gap-2 py-0.5 text-control text-ink coarse:min-h-11">
          <input
            type="radio"
            name={label}
            value={option.value}
            checked={option.value === value}
            className="size-4 accent-accent"
            onChange={() => onChange(option.value)}
          />
          {option.label}
          {option.hint !== undefined && <span className="text-ui text-ink-3">{option.hint}</span>}
        </label>
      ))}
    </fieldset>
  );
}

interface SwitchProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** On or off. */
export function Switch({ label, checked, onChange }: SwitchProps): React.JSX.Element {
  return (
    <label className="flex items-center gap-2 py-0.5 text-control text-ink coarse:min-h-11">
      <input
        type="checkbox"
        checked={checked}
        className="size-4 accent-accent"
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
