import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "@/api/settings";
import type { Vote } from "@/api/types";
import { useHotkeys, type Hotkeys } from "@trunkline/kit/hotkeys";
import { letterOf } from "./letters";

interface CompareKeys {
  order: readonly number[];
  onVote: (choice: Vote["choice"]) => void;
  maximised: number | null;
  onMaximise: (column: number | null) => void;
}

function articleOf(place: number): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(`[data-column="${letterOf(place)}"]`)].at(-1);
}

/** The place of the column that has the focus; -1 when none has. */
function focusedPlace(): number {
  const letter = document.activeElement?.closest<HTMLElement>("[data-column]")?.dataset["column"];
  return letter === undefined ? -1 : letter.charCodeAt(0) - 65;
}

/** 1 to 4 focus a column, M maximises it, V and a digit vote: 1-4 best, 0 tie, X all bad. */
export function useCompareKeys({ order, onVote, maximised, onMaximise }: CompareKeys): void {
  const { data: settings } = useQuery(settingsQuery);
  const map: Hotkeys = {
    "v 0": () => onVote("tie"),
    "v x": () => onVote("bad"),
    m: () => onMaximise(maximised === null ? (order[Math.max(focusedPlace(), 0)] ?? null) : null),
  };
  order.forEach((column, place) => {
    map[`v ${place + 1}`] = () => onVote(column);
    map[String(place + 1)] = () => articleOf(place)?.focus();
  });
  useHotkeys(map, { letters: settings?.shortcuts ?? true });
}
