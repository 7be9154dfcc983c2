import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { rangeOf, type Range } from "@/range/range";
import type { Search } from "./search";

/** The address of the page: its parameters, its range, and a way to change some of them. */
export function useAddress(): {
  search: Search;
  range: Range;
  /** Changes some parameters; undefined removes one. `replace` makes no step in the history. */
  change: (changes: { [Name in keyof Search]: string | undefined }, options?: { replace?: boolean }) => void;
} {
  const search = useSearch({ strict: false }) as Search; // every route has the root's parameters
  const navigate = useNavigate();
  const range = useMemo(() => rangeOf(search), [search]);
  const change = useCallback(
    (changes: { [Name in keyof Search]: string | undefined }, { replace = false } = {}) => {
      void navigate({
        to: ".",
        search: (before: Search) =>
          Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, v]) => v !== undefined)),
        replace,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return { search, range, change };
}
