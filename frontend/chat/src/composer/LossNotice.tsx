import { useState } from "react";
import { Button } from "@trunkline/kit/Button";
import { formatTokens } from "@trunkline/kit/format";
import { useModel } from "@/thread/conversationSettings";
import { lossWords } from "@/thread/lossWords";
import { modelName } from "./submit";
import { acceptLosses, useReport } from "./preflight";

interface LossNoticeProps {
  conversationId: string;
  modelId: string | null;
  /** The model that answered last: the one to stay with. */
  lastModel: string | null;
  onPick: (modelId: string) => void;
  onSend: () => void;
  /** Has a model that sees describe the images, so that the next one can read of them. */
  onDescribe: () => void;
}

/** What would be left behind, or would not fit, before anything is sent, with the choices. */
export function LossNotice(props: LossNoticeProps): React.JSX.Element | null {
  const { conversationId, modelId, lastModel, onPick, onSend, onDescribe } = props;
  const checked = useReport(conversationId);
  const model = useModel(modelId);
  const before = useModel(lastModel);
  const [showsDetails, setDetails] = useState(false);
  if (checked === undefined || checked.model !== modelId || checked.accepted) return null;
  const { losses, fits, input_tokens, context_tokens, alternatives } = checked.report;
  if (losses.length === 0 && fits) return null;
  const name = model?.name ?? modelId;
  const losesImages = losses.some((loss) => loss.kind === "image");
  const canKeep = lastModel !== null && lastModel !== modelId;
  return (
    <div
      role="group"
      aria-label="Before sending"
      data-notice="losses"
      className="border-l-2 border-warn bg-warn-soft px-3 py-2 text-control"
    >
      <p className="font-medium">
        {fits
          ? `${name} will not get ${lossWords(losses)}.`
          : `This is ${formatTokens(input_tokens)} tokens; ${name} takes ${formatTokens(context_tokens)}.`}
      </p>
      {showsDetails && (
        <ul className="mt-1 list-disc pl-5 text-ui text-ink-2">
          {losses.map((loss) => (
            <li key={`${loss.path} ${loss.message}`}>{loss.message}</li>
          ))}
        </ul>
      )}
      <div className="mt-2 flex flex-wrap gap-2">
        <Button
          dense
          onClick={() => {
            acceptLosses(conversationId);
            onSend();
          }}
        >
          Send anyway
        </Button>
        {losesImages && before?.abilities.images === true && (
          <Button dense onClick={onDescribe}>
            Describe the {losses.length > 1 ? "images" : "image"} as text
          </Button>
        )}
        {canKeep && (
          <Button dense onClick={() => onPick(lastModel)}>
            Keep {before?.name ?? lastModel}
          </Button>
        )}
        {alternatives
          .filter((id) => id !== lastModel)
          .slice(0, canKeep ? 1 : 2)
          .map((id) => (
            <Button key={id} dense onClick={() => onPick(id)}>
              Use {modelName(id)}
            </Button>
          ))}
        {losses.length > 0 && (
          <Button dense look="quiet" aria-expanded={showsDetails} onClick={() => setDetails(!showsDetails)}>
            Details
          </Button>
        )}
      </div>
    </div>
  );
}
