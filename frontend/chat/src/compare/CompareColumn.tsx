import { ArrowRight, Copy, Maximize2, Minimize2, RotateCcw, Square } from "lucide-react";
import { useCopy } from "@/answer/useCopy";
import type { Message, ModelCard } from "@/api/types";
import { Button } from "@trunkline/kit/Button";
import { IconButton } from "@trunkline/kit/IconButton";
import { Line, type LineState } from "@trunkline/kit/Line";
import { isRunning, type AnswerState } from "@/runs/answerState";
import { useAnswer } from "@/runs/useRun";
import { ColumnAnswer } from "./ColumnAnswer";
import { ColumnStatus } from "./ColumnStatus";

export interface ColumnActions {
  retry: (modelId?: string) => void;
  pickModel: () => void;
  stop: () => void;
  continueWith: () => void;
  maximise: () => void;
}

interface CompareColumnProps {
  letter: string;
  /** Null until the vote of a blind comparison. */
  model: { name: string; card: ModelCard | undefined } | null;
  /** Null where the column was not asked this question. */
  answer: Message | null;
  masked: boolean;
  maximised: boolean;
  /** The last question: only there it goes on, and only there a vote is cast. */
  isLast: boolean;
  voted: boolean;
  actions: ColumnActions;
  /** Instead of the answer: its difference from the pinned one. */
  children?: React.ReactNode;
}

const ICON = { size: 16, strokeWidth: 1.5, "aria-hidden": true } as const;

function lineState(state: AnswerState | null, card: ModelCard | undefined): LineState {
  if (state === null || (state.status === "error" && state.text === "")) return "skipped";
  if (card?.embedded === true) return "embedded";
  return state.status === "error" ? "failed" : "ok";
}

function Tools({ state, letter, maximised, isLast, actions }: ToolsProps): React.JSX.Element {
  const [copied, copy] = useCopy();
  const running = isRunning(state.status);
  return (
    <div className="mt-2 flex flex-wrap items-center gap-1">
      {running && (
        <Button dense look="plain" onClick={actions.stop}>
          <Square {...ICON} size={12} fill="currentColor" /> Stop
        </Button>
      )}
      {!running && state.text !== "" && isLast && (
        <Button dense look="quiet" className="-ml-3" onClick={actions.continueWith}>
          Continue with {letter} <ArrowRight {...ICON} />
        </Button>
      )}
      {!running && state.text !== "" && (
        <IconButton dense label={copied ? "Copied" : `Copy answer ${letter}`} onClick={() => copy(state.text)}>
          <Copy {...ICON} />
        </IconButton>
      )}
      {!running && (
        <IconButton dense label={`Ask ${letter} again`} onClick={() => actions.retry()}>
          <RotateCcw {...ICON} />
        </IconButton>
      )}
      <IconButton
        dense
        label={maximised ? "Show all columns" : `Maximise ${letter}`}
        keys="M"
        pressed={maximised}
        className="max-md:hidden"
        onClick={actions.maximise}
      >
        {maximised ? <Minimize2 {...ICON} /> : <Maximize2 {...ICON} />}
      </IconButton>
    </div>
  );
}

interface ToolsProps extends Pick<CompareColumnProps, "letter" | "maximised" | "isLast" | "actions"> {
  state: AnswerState;
}

function Answered(props: CompareColumnProps & { answer: Message }): React.JSX.Element {
  const { letter, model, answer, masked, children, actions } = props;
  const state = useAnswer(answer);
  return (
    <>
      <Head letter={letter} model={model} state={state} voted={props.voted} masked={masked} />
      <div className="pt-2">
        {children ?? (
          <ColumnAnswer
            answer={answer}
            state={state}
            masked={masked}
            onRetry={actions.retry}
            onPickModel={actions.pickModel}
          />
        )}
        <Tools {...props} state={state} />
      </div>
    </>
  );
}

interface HeadProps extends Pick<CompareColumnProps, "letter" | "model" | "voted" | "masked"> {
  state: AnswerState | null;
}

function Head({ letter, model, state, voted, masked }: HeadProps): React.JSX.Element {
  const card = model?.card;
  const provider = masked ? null : (state?.provider ?? card?.provider ?? null);
  return (
    <header>
      <Line orientation="horizontal" provider={provider} state={lineState(state, masked ? undefined : card)} />
      <div className="flex min-w-0 items-baseline gap-2 pt-1.5">
        <h3 className="m-0 min-w-0 truncate text-control font-semibold text-ink">
          <span className="mr-1.5 font-mono font-normal text-ink-3">{letter}</span>
          {model === null ? "Name after the vote" : model.name}
        </h3>
        {provider !== null && <span className="truncate text-ui text-ink-3">{provider}</span>}
        <span className="flex-1" />
        {voted && <span className="flex-none text-ui font-medium text-accent">best</span>}
        <span className="flex-none">
          <ColumnStatus state={state} />
        </span>
      </div>
    </header>
  );
}

/** One model of a comparison and its answer to one question. A column that failed keeps its place. */
export function CompareColumn(props: CompareColumnProps): React.JSX.Element {
  const { letter, model, answer } = props;
  return (
    <article
      aria-label={model === null ? `Answer ${letter}` : `Answer ${letter}, ${model.name}`}
      tabIndex={-1}
      data-column={letter}
      className="@container min-w-0"
    >
      {answer === null ? (
        <>
          <Head letter={letter} model={model} state={null} voted={false} masked={props.masked} />
          <p className="text-control text-ink-3">This question went to another column only.</p>
        </>
      ) : (
        <Answered {...props} answer={answer} />
      )}
    </article>
  );
}
