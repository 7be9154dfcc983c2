import { formatMoney, formatTokensExact } from "@trunkline/kit/format";
import { useReport } from "./preflight";

/** What the message will roughly cost; nothing while there is nothing to say. */
export function CostEstimate({ conversationId, modelId }: { conversationId: string; modelId: string | null }) {
  const checked = useReport(conversationId);
  if (checked === undefined || checked.model !== modelId) return null;
  const { cost_nano, input_tokens } = checked.report;
  return (
    <span
      className="text-meta whitespace-nowrap text-ink-3"
      title={`${formatTokensExact(input_tokens)} in, and an answer of usual length`}
    >
      {formatMoney(cost_nano, { settled: false })}
    </span>
  );
}
