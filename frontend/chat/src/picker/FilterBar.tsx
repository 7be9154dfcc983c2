import type { Filters } from "./filter";

const CHOICES: readonly { key: keyof Filters; label: string; name: string }[] = [
  { key: "images", label: "images", name: "Takes images" },
  { key: "tools", label: "tools", name: "Uses tools" },
  { key: "cheap", label: "≤ $1/M", name: "At most one dollar for a million tokens in" },
  { key: "ready", label: "ready only", name: "Ready only" },
];

interface FilterBarProps {
  filters: Filters;
  onChange: (filters: Filters) => void;
}

/** Four switches that narrow the list of models. */
export function FilterBar({ filters, onChange }: FilterBarProps): React.JSX.Element {
  return (
    <div role="group" aria-label="Narrow the list" className="flex flex-none flex-wrap gap-1">
      {CHOICES.map(({ key, label, name }) => (
        <button
          key={key}
          type="button"
          aria-pressed={filters[key]}
          title={name}
          className="h-7 rounded-control border border-line-strong px-2 text-ui text-ink-2 hover:bg-sunken aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent coarse:min-h-11"
          onClick={() => onChange({ ...filters, [key]: !filters[key] })}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
