import { Link } from "@tanstack/react-router";
import type { ModelCard } from "@/api/types";
import { Button } from "@trunkline/kit/Button";
import { formatMoney, formatTokens } from "@trunkline/kit/format";
import { Words } from "@trunkline/kit/Words";
import { abilityWords } from "./abilities";
import { inputCost, priceWords } from "./price";
import { fixOf, isReady, reasonOf, standingOf } from "./state";

interface ModelDetailProps {
  model: ModelCard;
  /** Tokens of the message that is being written, with its history. */
  inputTokens: number | undefined;
  onPick: () => void;
  onPin: () => void;
  onLeave: () => void;
}

function Facts({ model, inputTokens }: Pick<ModelDetailProps, "model" | "inputTokens">): React.JSX.Element {
  const cost = inputTokens === undefined ? null : inputCost(model, inputTokens);
  const facts = [
    abilityWords(model),
    model.context_tokens === null ? null : `${formatTokens(model.context_tokens)} context`,
    model.embedded ? "runs inside the gateway, no key, no cost" : priceWords(model),
    cost === null ? null : `this message ${formatMoney(cost, { settled: false })} before its answer`,
  ];
  return <p className="m-0 text-ink-2">{facts.filter((fact) => fact !== null).join(" · ")}</p>;
}

function Trouble({ model }: { model: ModelCard }): React.JSX.Element {
  return (
    <div>
      <p className="m-0 font-medium text-ink">
        <Words>{reasonOf(model)}</Words>
      </p>
      <p className="m-0 text-ink-2">
        <Words>{fixOf(model) ?? ""}</Words>
      </p>
      {model.state === "no_key" && model.variable !== null && (
        <p className="mt-1 mb-0 font-mono text-ink select-all">{model.variable}=</p>
      )}
    </div>
  );
}

/** The model where the arrow keys are: what it can do and costs, or why it does not answer and the way out. */
export function ModelDetail({ model, inputTokens, onPick, onPin, onLeave }: ModelDetailProps): React.JSX.Element {
  const ready = isReady(model);
  const { usable, offer } = standingOf(model);
  return (
    <section
      aria-label={model.name}
      className="flex flex-none flex-wrap items-end gap-x-4 gap-y-2 border-t border-line px-4 py-2 text-ui"
    >
      <div className="min-w-0 flex-1 basis-64">
        <p className="m-0 font-mono text-meta break-all text-ink-3">{model.id}</p>
        {model.replaced !== null && (
          <p className="m-0 text-ink-2">
            {model.replaced.retired} is retired{model.replaced.since === null ? "" : ` since ${model.replaced.since}`};{" "}
            {model.replaced.successor} answers in its place.
          </p>
        )}
        {ready ? <Facts model={model} inputTokens={inputTokens} /> : <Trouble model={model} />}
      </div>
      <div className="flex flex-none flex-wrap gap-2">
        <Button dense look="quiet" aria-pressed={model.pinned} onClick={onPin}>
          {model.pinned ? "Unpin" : "Pin"}
        </Button>
        <Link
          to="/models/$id"
          params={{ id: model.id }}
          className="flex h-7 items-center rounded-control px-2 text-control coarse:min-h-11"
          onClick={onLeave}
        >
          Details
        </Link>
        {usable && (
          <Button dense look={ready ? "primary" : "plain"} onClick={onPick}>
            {ready ? "Use" : offer}
          </Button>
        )}
      </div>
    </section>
  );
}
