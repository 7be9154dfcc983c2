import { useEffect, useRef, useState } from "react";
import { Search } from "lucide-react";
import { useHotkeys } from "@trunkline/kit/hotkeys";
import type { RequestFilter } from "@/api/queries";
import { useLetters } from "@/app/letters";
import { filterOf, filterText } from "./filter";

interface FilterLineProps {
  filter: RequestFilter;
  onChange: (filter: RequestFilter) => void;
}

/** One line for every filter: an id alone is looked for whatever the time, the rest narrows the list. */
export function FilterLine({ filter, onChange }: FilterLineProps): React.JSX.Element {
  const shown = filterText(filter);
  const [text, setText] = useState(shown);
  const [unknown, setUnknown] = useState<string[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const [letters] = useLetters();
  useEffect(() => {
    setText(shown);
    setUnknown([]);
  }, [shown]);
  useHotkeys(
    {
      "/": (event) => {
        event.preventDefault();
        field.current?.focus();
      },
    },
    { letters },
  );
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const found = filterOf(text);
        setUnknown(found.unknown);
        if (found.unknown.length === 0) onChange(found.filter);
      }}
      className="min-w-0 flex-1"
    >
      <label className="flex h-8 items-center gap-2 rounded-control border border-line-strong bg-surface px-2 focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-focus coarse:h-11">
        <Search aria-hidden="true" size={16} strokeWidth={1.5} className="flex-none text-ink-3" />
        <span className="sr-only">Filter</span>
        <input
          ref={field}
          type="search"
          name="filter"
          enterKeyHint="search"
          autoComplete="off"
          spellCheck={false}
          value={text}
          placeholder="paste an id, or  status:5xx model:gpt* key:ab12 cost:>0.10"
          aria-invalid={unknown.length > 0}
          aria-describedby="filter-note"
          className="min-w-0 flex-1 bg-transparent text-ink outline-none md:text-control"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <p id="filter-note" role={unknown.length > 0 ? "alert" : undefined} className="m-0 text-ui text-danger">
        {unknown.length > 0 &&
          `${unknown.join(" ")} means nothing here: write status:, model:, provider:, key:, kind:, cost: or an id.`}
      </p>
    </form>
  );
}
