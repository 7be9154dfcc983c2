import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "@/api/models";
import type { Message, ModelCard } from "@/api/types";
import { cx } from "@trunkline/kit/cx";
import { Line } from "@trunkline/kit/Line";
import { useAnswer } from "@/runs/useRun";
import { CompareColumn, type ColumnActions } from "./CompareColumn";
import { DiffView } from "./DiffView";
import { letterOf } from "./letters";
import type { Layout } from "./search";
import type { Turn as TurnData } from "./turns";
import { useStandings, type Standing } from "./useStandings";

interface TurnProps {
  turn: TurnData;
  /** Columns in the order in which they are shown. */
  order: readonly number[];
  models: readonly string[];
  layout: Layout;
  /** The column that the others are compared with in the diff. */
  pinned: number;
  masked: boolean;
  maximised: number | null;
  isLast: boolean;
  actions: (column: number) => ColumnActions;
}

const GRID = ["", "md:grid-cols-1", "md:grid-cols-2", "md:grid-cols-3", "md:grid-cols-2 wide:grid-cols-4"];
const MOVE_PX = 60;

/** States in which an answer has a text that stays: one that failed shows its error, one that runs its text. */
const comparable: ReadonlySet<Standing["status"]> = new Set(["done", "stopped", "cut"]);

const SIGNS: Record<Standing["status"], string> = {
  queued: "◌",
  waiting: "◌",
  streaming: "◐",
  done: "●",
  stopped: "■",
  cut: "◑",
  error: "✕",
};

interface TabRowProps extends Pick<TurnProps, "order" | "masked"> {
  shown: number;
  names: readonly string[];
  standings: readonly (Standing | null)[];
  cards: readonly (ModelCard | undefined)[];
  onShow: (column: number) => void;
}

/** The columns as tabs, with the state of each as a sign. */
function TabRow({ order, shown, names, masked, standings, cards, onShow }: TabRowProps): React.JSX.Element {
  return (
    <div role="tablist" aria-label="Answers" className="mb-3 flex gap-1">
      {order.map((column, place) => {
        const standing = standings[column];
        const { status } = standing ?? { status: undefined };
        return (
          <button
            key={column}
            type="button"
            role="tab"
            aria-selected={column === shown}
            className="min-w-0 flex-1 text-left text-control text-ink-3 aria-selected:font-medium aria-selected:text-ink coarse:min-h-11"
            onClick={() => onShow(column)}
          >
            <Line
              orientation="horizontal"
              provider={masked ? null : cards[column]?.provider}
              {...(column === shown ? {} : { className: "opacity-40" })}
            />
            <span className="flex items-center gap-1.5 truncate py-1">
              <span aria-hidden="true" className={status === "error" ? "text-danger" : undefined}>
                {status === undefined ? "○" : SIGNS[status]}
              </span>
              <span className="font-mono">{letterOf(place)}</span>
              <span className="truncate">{masked ? "" : names[column]}</span>
              <span className="sr-only">{status ?? "not asked"}</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}

function DiffOf({ pinned, other, letter }: { pinned: Message; other: Message; letter: string }): React.JSX.Element {
  return <DiffView pinned={useAnswer(pinned).text} other={useAnswer(other).text} pinnedLetter={letter} />;
}

/** One question of a comparison: its answers side by side, one at a time, or as differences from the pinned one. */
export function Turn(props: TurnProps): React.JSX.Element {
  const { turn, order, models, layout, pinned, masked, maximised, isLast, actions } = props;
  const { data: list } = useQuery({ ...modelsQuery, enabled: false });
  const [tab, setTab] = useState(order[0] ?? 0);
  const [start, setStart] = useState<number | null>(null);
  const standings = useStandings(turn.answers);
  const cards = models.map((id) => list?.models.find((model) => model.id === id));
  // A column can have been given to another model since; what answered is what is named.
  const nameOf = (column: number): string => {
    const asked = turn.answers[column]?.model ?? models[column] ?? "";
    return list?.models.find((model) => model.id === asked)?.name ?? asked;
  };
  const inTabs = layout === "tabs" || maximised !== null;
  const shown = maximised ?? tab;
  const pinnedAnswer = turn.answers[pinned] ?? null;

  const swipe = (end: number): void => {
    const moved = start === null ? 0 : end - start;
    setStart(null);
    if (Math.abs(moved) < MOVE_PX || !inTabs || maximised !== null) return;
    const next = order[order.indexOf(tab) + (moved < 0 ? 1 : -1)];
    if (next !== undefined) setTab(next);
  };

  const column = (which: number): React.JSX.Element => {
    const answer = turn.answers[which] ?? null;
    const diffed = layout === "diff" && which !== pinned && answer !== null && pinnedAnswer !== null;
    return (
      <CompareColumn
        key={which}
        letter={letterOf(order.indexOf(which))}
        model={masked ? null : { name: nameOf(which), card: cards[which] }}
        answer={answer}
        masked={masked}
        maximised={maximised === which}
        isLast={isLast}
        voted={turn.vote?.choice === which}
        actions={actions(which)}
      >
        {diffed && comparable.has(standings[which]?.status ?? "done") ? (
          <DiffOf pinned={pinnedAnswer} other={answer} letter={letterOf(order.indexOf(pinned))} />
        ) : undefined}
      </CompareColumn>
    );
  };

  return (
    <div
      onTouchStart={(event) => setStart(event.touches[0]?.clientX ?? null)}
      onTouchEnd={(event) => swipe(event.changedTouches[0]?.clientX ?? 0)}
    >
      {inTabs && maximised === null && (
        <TabRow
          order={order}
          shown={shown}
          names={models.map((_, which) => nameOf(which))}
          masked={masked}
          standings={standings}
          cards={cards}
          onShow={setTab}
        />
      )}
      {inTabs ? (
        <div className="mx-auto max-w-answer">{column(shown)}</div>
      ) : (
        <div className={cx("grid items-start gap-x-6 gap-y-6", GRID[order.length])}>{order.map(column)}</div>
      )}
    </div>
  );
}
