import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, call } from "@/api/client";
import { toErrorBody } from "@/api/errors";
import { stopRun } from "@/api/runs";
import type { ConversationDetail, Vote } from "@/api/types";
import { ModelPicker } from "@/picker/ModelPicker";
import { cx } from "@trunkline/kit/cx";
import { useMedia } from "@trunkline/kit/media";
import { toast } from "@trunkline/kit/Toast";
import { useConversationRun } from "@/runs/useRun";
import { CompareComposer } from "./CompareComposer";
import type { ColumnActions } from "./CompareColumn";
import { LayoutBar } from "./LayoutBar";
import { letterOf, orderOf } from "./letters";
import { compareSearch, type CompareSearch } from "./search";
import { Summary } from "./Summary";
import { Turn } from "./Turn";
import { turnsOf, type Turn as TurnData } from "./turns";
import { askColumns, retryColumn } from "./compareRuns";
import { useCompareKeys } from "./useCompareKeys";
import { VoteBar } from "./VoteBar";

interface ComparisonProps {
  detail: ConversationDetail;
  onVote: (vote: Omit<Vote, "created_at">) => void;
}

/** Columns whose answer to this question failed. */
function failedIn(turn: TurnData | undefined): ReadonlySet<number> {
  const answers = turn?.answers ?? [];
  return new Set(answers.flatMap((answer, column) => (answer?.status === "error" ? [column] : [])));
}

function failed(what: string): (error: unknown) => void {
  return (error) => toast(`${what}: ${toErrorBody(error).message}`);
}

/** Moves the address without a new entry in the history: layout, pin, blind. */
function useCompareAddress(id: string): [CompareSearch, (changes: CompareSearch) => void] {
  const search = compareSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = (changes: CompareSearch): void => {
    const next = compareSearch({ ...search, ...changes });
    void navigate({ to: "/compare/$id", params: { id }, search: next, replace: true });
  };
  return [search, change];
}

/** A comparison: the question sticks, its answers stand beside one another, beneath are the facts, the vote and what next. */
export function Comparison({ detail, onVote }: ComparisonProps): React.JSX.Element {
  const [search, setSearch] = useCompareAddress(detail.id);
  const navigate = useNavigate();
  const narrow = !useMedia("(min-width: 768px)");
  const run = useConversationRun(detail.id);
  const [maximised, setMaximised] = useState<number | null>(null);
  const [picking, setPicking] = useState<{ questionId: string; column: number } | null>(null);

  const turns = useMemo(() => turnsOf(detail), [detail]);
  const last = turns.at(-1);
  const masked = search.blind === true && !detail.votes.some((vote) => vote.blind);
  const order = orderOf(detail.columns.length, search.blind === true ? detail.id : null);
  const columns = order.map((column, place) => ({ letter: letterOf(place), column }));
  const models = detail.columns.map((column) => column.model);
  const wanted = search.layout ?? "columns";
  const layout = narrow && wanted === "columns" ? "tabs" : wanted;

  const failedColumns = failedIn(last);
  const vote = (choice: Vote["choice"]): void => {
    if (typeof choice === "number" && failedColumns.has(choice)) {
      toast(`${letterOf(order.indexOf(choice))} failed: it cannot be the best.`);
    } else if (last !== undefined) onVote({ message_id: last.question.id, choice, blind: search.blind === true });
  };
  const retry = (question: string, column: number, model?: string): void => {
    retryColumn(detail, question, column, model ?? models[column] ?? "").catch(
      failed("The column could not be asked again"),
    );
  };
  const continueWith = async (column: number): Promise<void> => {
    const made = await call(
      api.POST("/api/conversations/{conversation_id}/continue", {
        params: { path: { conversation_id: detail.id } },
        body: { column },
      }),
    );
    await navigate({ to: "/c/$id", params: { id: made.id } });
  };
  const actions =
    (turn: TurnData) =>
    (column: number): ColumnActions => ({
      retry: (model) => retry(turn.question.id, column, model),
      pickModel: () => setPicking({ questionId: turn.question.id, column }),
      stop: () => {
        if (run !== undefined) stopRun(run.id, column).catch(failed("The column could not be stopped"));
      },
      continueWith: () => void continueWith(column).catch(failed("The conversation could not be made")),
      maximise: () => setMaximised(maximised === column ? null : column),
    });
  // A new question comes to the top; its answers grow below it, and nothing moves by itself after that.
  const lastId = last?.question.id;
  const lastTurn = useRef<HTMLElement>(null);
  const isFirst = turns.length < 2;
  useEffect(() => {
    if (lastId !== undefined && !isFirst) lastTurn.current?.scrollIntoView({ block: "start" });
  }, [lastId, isFirst]);
  useCompareKeys({ order, onVote: vote, maximised, onMaximise: setMaximised });
  const link = `${location.origin}/compare/new?models=${models.map(encodeURIComponent).join(",")}&q=${encodeURIComponent(turns[0]?.question.content ?? "")}`;

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <h1 className="sr-only">{detail.title === "" ? "Comparison" : detail.title}</h1>
      <div className="min-h-0 flex-1 scroll-quiet overflow-y-auto" data-compare={layout}>
        {turns.map((turn, index) => (
          <section
            key={turn.question.id}
            ref={turn === last ? lastTurn : null}
            aria-label={`Question ${index + 1}`}
            className="pb-6 last:min-h-full"
          >
            <div className="sticky top-0 z-10 flex flex-wrap items-start gap-x-6 gap-y-1 border-b border-line bg-canvas px-4 py-2">
              <h2 className="m-0 line-clamp-2 min-w-0 flex-1 basis-64 py-1 text-answer font-normal text-ink" dir="auto">
                {turn.question.content}
              </h2>
              {turn === last && (
                <LayoutBar layout={layout} onLayout={(next) => setSearch({ layout: next })} link={link} />
              )}
            </div>
            {layout === "diff" && turn === last && (
              <PinBar columns={columns} pinned={search.pin ?? order[0] ?? 0} onPin={(pin) => setSearch({ pin })} />
            )}
            <div className="px-4 pt-4">
              <Turn
                turn={turn}
                order={order}
                models={models}
                layout={layout}
                pinned={search.pin ?? order[0] ?? 0}
                masked={masked}
                maximised={maximised}
                isLast={turn === last}
                actions={actions(turn)}
              />
            </div>
            {turn === last && (
              <div className="mt-6 flex flex-col gap-3 px-4">
                {!masked && <Summary turn={turn} order={order} />}
                {run === undefined && (
                  <VoteBar columns={columns} failed={failedColumns} vote={turn.vote} hidden={masked} onVote={vote} />
                )}
              </div>
            )}
          </section>
        ))}
      </div>
      <CompareComposer
        columns={columns}
        running={run !== undefined}
        onAsk={(asked, content) => askColumns(detail, asked, content)}
        onStop={() => {
          if (run !== undefined) stopRun(run.id).catch(failed("The answers could not be stopped"));
        }}
      />
      <ModelPicker
        value={picking === null ? null : (models[picking.column] ?? null)}
        open={picking !== null}
        onOpenChange={(open) => {
          if (!open) setPicking(null);
        }}
        onPick={(model) => {
          if (picking !== null) retry(picking.questionId, picking.column, model);
        }}
      />
    </div>
  );
}

interface PinBarProps {
  columns: readonly { letter: string; column: number }[];
  pinned: number;
  onPin: (column: number) => void;
}

/** Which answer the others are compared with. */
function PinBar({ columns, pinned, onPin }: PinBarProps): React.JSX.Element {
  return (
    <div role="group" aria-label="Compare with" className="flex items-center gap-3 px-4 pt-2 text-ui text-ink-3">
      Compared with
      {columns.map(({ letter, column }) => (
        <button
          key={column}
          type="button"
          aria-pressed={column === pinned}
          className={cx(
            "h-7 px-1 font-mono hover:text-ink coarse:min-w-11",
            column === pinned && "font-semibold text-accent underline",
          )}
          onClick={() => onPin(column)}
        >
          {letter}
        </button>
      ))}
    </div>
  );
}
