import { useQuery } from "@tanstack/react-query";
import { useId, useMemo, useState } from "react";
import { modelsQuery } from "@/api/models";
import { toErrorBody } from "@/api/errors";
import type { ModelList } from "@/api/types";
import { Dialog } from "@trunkline/kit/Dialog";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { formatClock } from "@trunkline/kit/time";
import { FilterBar } from "./FilterBar";
import { group, NO_FILTERS } from "./filter";
import { ModelDetail } from "./ModelDetail";
import { PickerList } from "./PickerList";
import { moveBy, rowsOf, type PickerRow } from "./rows";
import { isReady } from "./state";
import { useTogglePin } from "./usePinned";

interface ModelPickerProps {
  /** Id of the model that is chosen now. */
  value: string | null;
  onPick: (modelId: string) => void;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Tokens of the message that is being written: adds "this message ≈ $0.004". */
  inputTokens?: number | undefined;
  /** What the choice is for: the name of the dialog. */
  title?: string;
}

/** The list of all models: by name, provider, ability or price, with what each costs and why it does not answer. */
export function ModelPicker(props: ModelPickerProps): React.JSX.Element {
  const { open, onOpenChange, title = "Choose a model" } = props;
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} titleHidden width="wide">
      <Picker {...props} />
    </Dialog>
  );
}

/** How old the list is, while that matters. */
function Stamp({ list, checking }: { list: ModelList; checking: boolean }): React.JSX.Element | null {
  if (!list.stale) return null;
  return (
    <p className="m-0 px-4 pb-1 text-meta text-ink-3" role="status">
      Models as of {formatClock(list.as_of)}, {checking ? "checking…" : "the gateway does not answer"}
    </p>
  );
}

const KEY_STEPS: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 8,
  PageUp: -8,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

function indexOf(rows: readonly PickerRow[], modelId: string | null): number {
  return rows.findIndex((row) => row.kind === "model" && row.model.id === modelId);
}

function Picker({ value, onPick, onOpenChange, inputTokens }: ModelPickerProps): React.JSX.Element {
  const { data: list, error, isFetching } = useQuery(modelsQuery);
  const [query, setQuery] = useState("");
  const [filters, setFilters] = useState(NO_FILTERS);
  const [chosen, setChosen] = useState<string | null>(value);
  const togglePin = useTogglePin();
  const id = useId();
  const rows = useMemo(() => rowsOf(group(list?.models ?? [], query, filters)), [list?.models, query, filters]);
  // What was typed can take the active row away; the first that is left is then it.
  const at = indexOf(rows, chosen);
  const active = at >= 0 ? at : moveBy(rows, -1, 1);
  const row = rows[active];
  const model = row?.kind === "model" ? row.model : undefined;
  const optionId = (modelId: string): string => `${id}-${modelId}`;
  const find = (modelId: string) => list?.models.find((one) => one.id === modelId);

  const pick = (modelId: string): void => {
    onPick(modelId);
    onOpenChange(false);
  };
  const press = (modelId: string): void => {
    const pressed = find(modelId);
    if (pressed !== undefined && isReady(pressed)) pick(modelId);
    else setChosen(modelId);
  };
  const keyDown = (event: React.KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const step = KEY_STEPS[event.key];
    const inText = (event.key === "Home" || event.key === "End") && query !== "";
    if (step !== undefined && !inText) {
      event.preventDefault();
      const next = rows[moveBy(rows, active, step)];
      if (next?.kind === "model") setChosen(next.model.id);
    } else if (event.key === "Enter" && model !== undefined) {
      event.preventDefault();
      press(model.id);
    }
  };

  return (
    <div className="flex h-[70dvh] flex-col sm:h-[min(34rem,76dvh)]">
      <div className="flex flex-none flex-wrap items-center gap-2 border-b border-line px-4 py-2">
        <input
          role="combobox"
          aria-expanded={list !== undefined}
          aria-controls={list === undefined ? undefined : `${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={model === undefined ? undefined : optionId(model.id)}
          aria-label="Find a model"
          placeholder="Find by name, provider, ability or price…"
          autoComplete="off"
          spellCheck={false}
          className="h-8 min-w-0 flex-1 basis-56 bg-transparent text-ink outline-none coarse:h-11"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(null);
          }}
          onKeyDown={keyDown}
        />
        <FilterBar filters={filters} onChange={setFilters} />
      </div>
      {list !== undefined && <Stamp list={list} checking={isFetching} />}
      {list === undefined && error === null && <Skeleton lines={8} label="Loading models" className="flex-1 p-4" />}
      {list === undefined && error !== null && (
        <p role="alert" className="m-0 flex-1 p-4 text-control text-danger">
          {toErrorBody(error).message} {toErrorBody(error).fix}
        </p>
      )}
      {list !== undefined && (
        <PickerList
          id={`${id}-list`}
          rows={rows}
          active={active}
          value={value}
          optionId={optionId}
          onPress={press}
          onPin={(modelId) => {
            const pinned = find(modelId);
            if (pinned !== undefined) togglePin(pinned);
          }}
        />
      )}
      {list !== undefined && rows.length === 0 && (
        <p role="status" className="m-0 px-4 py-6 text-control text-ink-2">
          No model matches. Use fewer words or filters.
        </p>
      )}
      {model !== undefined && (
        <ModelDetail
          model={model}
          inputTokens={inputTokens}
          onPick={() => pick(model.id)}
          onPin={() => togglePin(model)}
          onLeave={() => onOpenChange(false)}
        />
      )}
    </div>
  );
}
