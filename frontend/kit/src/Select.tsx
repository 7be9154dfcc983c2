import { ChevronDown } from "lucide-react";
import { useId } from "react";
import { cx } from "./cx.ts";
import { FIELD, FieldFrame } from "./TextField.tsx";

export interface SelectOption {
  value: string;
  label: string;
  disabled?: boolean;
}

interface SelectProps extends Omit<React.ComponentProps<"select">, "onChange" | "children" | "value"> {
  label: string;
  labelHidden?: boolean;
  hint?: React.ReactNode;
  error?: string | null | undefined;
  value: string;
  options: readonly SelectOption[];
  onChange: (value: string) => void;
}

/** One of a few: the browser's own list, which works on a phone and with every screen reader. */
export function Select(props: SelectProps): React.JSX.Element {
  const { label, labelHidden, hint, error, value, options, onChange, className, id, ...rest } = props;
  const made = useId();
  const own = id ?? made;
  const frame = { id: own, label, hint, error, className, ...(labelHidden === undefined ? {} : { labelHidden }) };
  return (
    <FieldFrame {...frame}>
      <span className="relative block">
        <select
          {...rest}
          id={own}
          value={value}
          aria-describedby={`${own}-text`}
          className={cx(FIELD, "h-8 appearance-none pr-7 coarse:h-11")}
          onChange={(event) => onChange(event.target.value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
        <ChevronDown
          aria-hidden="true"
          size={16}
          strokeWidth={1.5}
          className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-ink-3"
        />
      </span>
    </FieldFrame>
  );
}
