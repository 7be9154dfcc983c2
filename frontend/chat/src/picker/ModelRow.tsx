import { Pin } from "lucide-react";
import type { ModelCard } from "@/api/types";
import { cx } from "@trunkline/kit/cx";
import { formatDuration, formatTokens } from "@trunkline/kit/format";
import { Words } from "@trunkline/kit/Words";
import { priceText, priceWords } from "./price";
import { isReady, reasonOf, standingOf } from "./state";

const TONE = { ok: "text-ok", warn: "text-warn", off: "text-ink-3" } as const;

interface ModelRowProps {
  model: ModelCard;
  id: string;
  place: number;
  total: number;
  /** Where the arrow keys are. */
  active: boolean;
  current: boolean;
}

/** What is read out for a row: everything that its columns show. */
function nameOf(model: ModelCard, current: boolean): string {
  const { word } = standingOf(model);
  const context = model.context_tokens === null ? "" : `, ${formatTokens(model.context_tokens)} tokens of context`;
  const figures = isReady(model) ? `${context}, ${priceWords(model)}` : `. ${reasonOf(model).replaceAll("`", "")}`;
  return `${model.name}, ${model.provider}, ${word}${figures}${current ? ", current" : ""}${model.pinned ? ", pinned" : ""}`;
}

/** The figures of a model that answers. */
function Figures({ model, current }: { model: ModelCard; current: boolean }): React.JSX.Element {
  return (
    <>
      <span className="w-12 flex-none text-right text-ink-2 max-sm:hidden">{formatTokens(model.context_tokens)}</span>
      <span className="w-24 flex-none text-right text-ink-2">{model.embedded ? "free" : priceText(model)}</span>
      <span className="w-14 flex-none text-right text-ink-3 max-sm:hidden">{formatDuration(model.first_word_ms)}</span>
      <span className="w-14 flex-none text-right text-accent max-sm:hidden">{current ? "current" : ""}</span>
    </>
  );
}

/** One model of the picker: an option of its list box. `data-model` is what a press on it chooses. */
export function ModelRow({ model, id, place, total, active, current }: ModelRowProps): React.JSX.Element {
  const standing = standingOf(model);
  const ready = isReady(model);
  return (
    <div
      role="option"
      id={id}
      aria-selected={current}
      aria-setsize={total}
      aria-posinset={place}
      data-model={model.id}
      className={cx(
        "group flex h-full cursor-pointer items-center gap-2 px-4 text-ui hover:bg-sunken",
        active && "bg-accent-soft hover:bg-accent-soft",
      )}
    >
      <span className="sr-only">{nameOf(model, current)}</span>
      <span aria-hidden="true" className="contents">
        <span className={cx("w-3 flex-none text-center", TONE[standing.tone])}>{standing.sign}</span>
        <span
          className={cx(
            "min-w-0 truncate font-medium",
            ready ? "flex-1 text-ink" : "w-28 flex-none text-ink-2 sm:w-40",
          )}
        >
          {model.name}
        </span>
        <span className={cx("w-20 flex-none truncate text-ink-3", ready && "sm:w-24")}>{model.provider}</span>
        {ready ? (
          <Figures model={model} current={current} />
        ) : (
          <>
            <span className="min-w-0 flex-1 truncate text-ink-2">
              <Words>{reasonOf(model)}</Words>
            </span>
            <span className="flex-none text-accent max-sm:hidden">{standing.offer} ▸</span>
          </>
        )}
        <span
          data-pin=""
          className={cx(
            "flex-none p-1 coarse:hidden",
            model.pinned ? "text-ink-2" : "invisible text-ink-3 group-hover:visible",
          )}
        >
          <Pin size={14} strokeWidth={1.5} fill={model.pinned ? "currentColor" : "none"} />
        </span>
      </span>
    </div>
  );
}
