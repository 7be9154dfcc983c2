import { use } from "react";
import { useStore } from "zustand";
import { Line, type LineState } from "@trunkline/kit/Line";
import { Receipt } from "@trunkline/kit/Receipt";
import { AnswerError } from "@/errors/AnswerError";
import { AnswerText } from "@/answer/AnswerText";
import type { Message } from "@/api/types";
import { openOverlay } from "@/app/shellStore";
import { isRunning, type AnswerState } from "@/runs/answerState";
import { liveRuns } from "@/runs/liveRuns";
import { useAnswer } from "@/runs/useRun";
import { ConversationActionsContext } from "./actions";
import { AnswerActions } from "./AnswerActions";
import { AnswerEnd } from "./AnswerEnd";
import { AnswerStatus } from "./AnswerStatus";
import { useModel } from "./conversationSettings";
import { Reasoning } from "./Reasoning";
import { openPartOf, setOpenPart } from "./openParts";
import { routeData } from "./routeData";
import { Versions } from "./Versions";

function lineState(answer: AnswerState, isEmbedded: boolean): LineState {
  const last = answer.route?.stations.at(-1)?.state;
  if (last === "cached") return "cached";
  if (answer.status === "error") return answer.text === "" ? "failed" : "ok";
  return isEmbedded || last === "embedded" ? "embedded" : "ok";
}

/** An answer: the line of its provider, the text, and the receipt it ends in. */
export function AnswerMessage({
  message,
  versions,
}: {
  message: Message;
  versions: readonly string[];
}): React.JSX.Element {
  const answer = useAnswer(message);
  const actions = use(ConversationActionsContext);
  const model = useModel(answer.model);
  const openPart = useStore(openPartOf, (open) => open[message.id] ?? null);
  const wasFollowed = useStore(liveRuns, (runs) => message.run_id !== null && runs[message.run_id] !== undefined);
  const provider = answer.provider ?? model?.provider ?? null;
  const name = model?.name ?? answer.model ?? "Answer";
  const isWriting = isRunning(answer.status);
  const pickModel = (): void => {
    actions.retryElsewhere(message);
    openOverlay("picker");
  };
  return (
    <article
      data-message={message.id}
      data-role="assistant"
      data-status={answer.status}
      tabIndex={-1}
      aria-labelledby={`who-${message.id}`}
      aria-busy={isWriting || undefined}
      className="group flex gap-3 pt-6 outline-offset-4"
    >
      <Line provider={provider} state={lineState(answer, model?.embedded === true)} className="-ml-3.5 max-sm:-ml-2" />
      <div className="min-w-0 flex-1">
        <div className="flex min-h-6 items-center gap-1 text-ui text-ink-3">
          <h2 id={`who-${message.id}`} className="min-w-0 flex-1 truncate font-normal">
            <span className="font-medium text-ink-2">{name}</span>
            {provider !== null && ` · ${provider}`}
          </h2>
          <Versions message={message} versions={versions} />
          {!isWriting && <AnswerActions message={message} text={answer.text} />}
        </div>
        <Reasoning
          messageId={message.id}
          text={answer.reasoning}
          ms={answer.reasoningMs}
          isThinking={isWriting && answer.text === ""}
        />
        {answer.text !== "" && (
          <div data-text="" data-series={provider ?? undefined} className="pt-0.5">
            <AnswerText text={answer.text} isWriting={isWriting} />
          </div>
        )}
        {isWriting && <AnswerStatus answer={answer} runId={message.run_id} provider={provider} />}
        {answer.error !== null && !isWriting && (
          <div className="mt-3">
            <AnswerError
              error={answer.error}
              provider={provider}
              fresh={wasFollowed}
              onRetry={(modelId) => actions.retry(message, modelId)}
              onPickModel={pickModel}
              {...(answer.text === "" ? {} : { onContinue: () => actions.goOn(message) })}
            />
          </div>
        )}
        {!isWriting && <AnswerEnd answer={answer} onContinue={() => actions.goOn(message)} />}
        {answer.receipt !== null && !(isWriting && answer.receipt.cost_nano === null) && (
          <Receipt
            className="mt-2 coarse:mt-1"
            receipt={answer.receipt}
            route={routeData(answer.route)}
            open={openPart}
            onOpenChange={(part) => setOpenPart(message.id, part)}
          />
        )}
      </div>
    </article>
  );
}
