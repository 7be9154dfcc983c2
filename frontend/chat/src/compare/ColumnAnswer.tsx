import { useStore } from "zustand";
import { AnswerText } from "@/answer/AnswerText";
import type { Message } from "@/api/types";
import { AnswerError } from "@/errors/AnswerError";
import { isRunning, type AnswerState } from "@/runs/answerState";
import { liveRuns } from "@/runs/liveRuns";
import { AnswerStatus } from "@/thread/AnswerStatus";
import { Reasoning } from "@/thread/Reasoning";
import { routeData } from "@/thread/routeData";
import { Receipt } from "@trunkline/kit/Receipt";

interface ColumnAnswerProps {
  answer: Message;
  state: AnswerState;
  /** Until the vote: no figures, no provider. */
  masked: boolean;
  onRetry: (modelId?: string) => void;
  onPickModel: () => void;
}

/** What one column answered to one question: text, then what it cost or why it failed. */
export function ColumnAnswer({ answer, state, masked, onRetry, onPickModel }: ColumnAnswerProps): React.JSX.Element {
  const running = isRunning(state.status);
  const followed = useStore(liveRuns, (runs) => answer.run_id !== null && runs[answer.run_id] !== undefined);
  return (
    <div className="min-w-0 text-answer" data-status={state.status}>
      <Reasoning
        messageId={answer.id}
        text={state.reasoning}
        ms={masked ? null : state.reasoningMs}
        isThinking={running && state.text === ""}
      />
      {state.text !== "" && <AnswerText text={state.text} isWriting={running} />}
      {running && <AnswerStatus answer={state} runId={answer.run_id} provider={masked ? null : state.provider} />}
      {state.error !== null && masked && (
        <p className="my-1 text-control text-ink-2">This answer failed. The reason shows after the vote.</p>
      )}
      {state.error !== null && !masked && (
        <AnswerError
          error={state.error}
          provider={state.provider}
          onRetry={onRetry}
          onPickModel={onPickModel}
          fresh={followed}
        />
      )}
      {state.status === "stopped" && <p className="mt-2 mb-0 text-control text-ink-3">You stopped it.</p>}
      {state.status === "cut" && state.error === null && (
        <p className="mt-2 mb-0 text-control text-ink-3">
          The provider ended early{state.finishReason === null ? "" : ` (${state.finishReason})`}.
        </p>
      )}
      {state.receipt !== null && !masked && !running && (
        <Receipt receipt={state.receipt} route={routeData(state.route)} compact className="mt-2" />
      )}
    </div>
  );
}
