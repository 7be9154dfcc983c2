import { useMemo } from "react";
import { cx } from "@trunkline/kit/cx";
import { formatTokens, formatTokensExact } from "@trunkline/kit/format";
import { useReport } from "@/composer/preflight";
import { useModel } from "./conversationSettings";
import type { MessageTree } from "./tree";

interface ContextGaugeProps {
  conversationId: string;
  tree: MessageTree;
  leafId: string | null;
  modelId: string | null;
}

/** From this part of the context on, it is said in the colour of a warning. */
const NEARLY_FULL = 0.85;

/** How much of the chosen model's context the conversation takes, with the message that is being written. */
export function ContextGauge({ conversationId, tree, leafId, modelId }: ContextGaugeProps): React.JSX.Element | null {
  const model = useModel(modelId);
  const checked = useReport(conversationId);
  const used = useMemo(() => {
    const last = tree.pathTo(leafId).findLast((message) => message.receipt !== null)?.receipt?.usage;
    return last ? (last.total ?? (last.input ?? 0) + (last.output ?? 0)) : 0;
  }, [tree, leafId]);
  const tokens = checked?.model === modelId && checked !== undefined ? checked.report.input_tokens : used;
  const room = model?.context_tokens ?? null;
  if (tokens === 0 || room === null) return null;
  const isNearlyFull = tokens > room * NEARLY_FULL;
  return (
    <span
      className={cx(
        "px-2 text-ui whitespace-nowrap max-md:hidden",
        isNearlyFull ? "font-medium text-warn" : "text-ink-3",
      )}
      title={`${formatTokensExact(tokens)} of ${formatTokensExact(room)}${isNearlyFull ? ": nearly full" : ""}`}
    >
      context {formatTokens(tokens)} of {formatTokens(room)}
    </span>
  );
}
