import { Button } from "@trunkline/kit/Button";
import { formatMoney, formatTokensExact } from "@trunkline/kit/format";
import type { AnswerState } from "@/runs/answerState";

/** Finish reasons that mean there is more to say. */
const CUT_REASONS = new Set(["length", "max_tokens"]);

/** How an answer ended, where it is not simply done. */
export function AnswerEnd({
  answer,
  onContinue,
}: {
  answer: AnswerState;
  onContinue: () => void;
}): React.JSX.Element | null {
  if (answer.error !== null) return null;
  if (answer.status === "stopped") {
    const tokens = answer.receipt?.usage.output;
    const cost = answer.receipt ? formatMoney(answer.receipt.cost_nano, { settled: answer.receipt.settled }) : null;
    const facts = [tokens ? formatTokensExact(tokens) : null, cost].filter(Boolean).join(", ");
    return (
      <End>
        You stopped it.{facts === "" ? "" : ` ${facts}.`}
        {answer.text !== "" && <Continue onContinue={onContinue} />}
      </End>
    );
  }
  if (answer.finishReason === "content_filter") return <End>Stopped by the provider's filter.</End>;
  const isCut = answer.status === "cut" || (answer.finishReason !== null && CUT_REASONS.has(answer.finishReason));
  if (!isCut) return null;
  return (
    <End>
      The provider ended early{answer.finishReason === null ? "" : ` (${answer.finishReason})`}.
      <Continue onContinue={onContinue} />
    </End>
  );
}

const End = ({ children }: { children: React.ReactNode }): React.JSX.Element => (
  <p data-end="" className="mt-2 flex flex-wrap items-center gap-2 text-ui text-ink-2">
    {children}
  </p>
);

const Continue = ({ onContinue }: { onContinue: () => void }): React.JSX.Element => (
  <Button dense onClick={onContinue}>
    Continue
  </Button>
);
