import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, X } from "lucide-react";
import { useId, useRef, useState } from "react";
import { modelsQuery } from "@/api/models";
import { settingsQuery } from "@/api/settings";
import type { ModelCard } from "@/api/types";
import { PageError } from "@/errors/PageError";
import { ModelPicker } from "@/picker/ModelPicker";
import { priceText } from "@/picker/price";
import { isReady, reasonOf } from "@/picker/state";
import { Button } from "@trunkline/kit/Button";
import { IconButton } from "@trunkline/kit/IconButton";
import { Line } from "@trunkline/kit/Line";
import { FIELD } from "@trunkline/kit/TextField";
import { Words } from "@trunkline/kit/Words";
import { isSendKey } from "./CompareComposer";
import { letterOf } from "./letters";
import { MAX_MODELS, MIN_MODELS, modelIds, newCompareSearch } from "./search";
import { startComparison } from "./compareRuns";

/** Models to begin with: those of the address, else the pinned and the ready ones, the default first. */
function firstModels(named: readonly string[], models: readonly ModelCard[]): string[] {
  if (named.length > 0) return [...named];
  const ready = models.filter(isReady);
  const score = (model: ModelCard): number => (model.is_default ? 0 : model.pinned ? 1 : model.embedded ? 3 : 2);
  return ready
    .toSorted((a, b) => score(a) - score(b))
    .slice(0, MIN_MODELS)
    .map((model) => model.id);
}

interface ChosenProps {
  id: string;
  place: number;
  card: ModelCard | undefined;
  onChange: () => void;
  onRemove: (() => void) | undefined;
}

/** One chosen model: its line, what it costs, or why it will not answer. */
function Chosen({ id, place, card, onChange, onRemove }: ChosenProps): React.JSX.Element {
  const ready = card !== undefined && isReady(card);
  return (
    <li className="flex min-h-10 items-center gap-3 border-b border-line py-1">
      <Line provider={card?.provider} state={card?.embedded === true ? "embedded" : ready ? "ok" : "skipped"} />
      <span className="w-4 flex-none font-mono text-ink-3">{letterOf(place)}</span>
      <button type="button" className="min-w-0 flex-1 py-1 text-left coarse:min-h-11" onClick={onChange}>
        <span className="font-medium text-ink">{card?.name ?? id}</span>{" "}
        <span className="text-ui text-ink-3">{card?.provider}</span>
        {!ready && (
          <span className="line-clamp-2 text-ui text-warn">
            <Words>{card === undefined ? "The gateway has no such model." : reasonOf(card)}</Words>
          </span>
        )}
      </button>
      {card !== undefined && ready && (
        <span className="flex-none text-ui text-ink-2">{card.embedded ? "free" : priceText(card)}</span>
      )}
      {onRemove !== undefined && (
        <IconButton dense label={`Remove ${card?.name ?? id}`} onClick={onRemove}>
          <X aria-hidden="true" size={16} strokeWidth={1.5} />
        </IconButton>
      )}
    </li>
  );
}

/** `/compare/new`: two to four models, one question. */
export function NewComparePage(): React.JSX.Element {
  const search = newCompareSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const { data: list } = useQuery(modelsQuery);
  const { data: settings } = useQuery(settingsQuery);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [picking, setPicking] = useState<number | null>(null);
  const [blind, setBlind] = useState(search.blind === true);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const models = chosen ?? firstModels(modelIds(search.models), list?.models ?? []);
  const enough = models.length >= MIN_MODELS;

  const start = async (): Promise<void> => {
    const content = field.current?.value.trim() ?? "";
    if (content === "") field.current?.focus();
    if (content === "" || !enough || sending) return;
    setSending(true);
    setError(null);
    try {
      const made = await startComparison(models, content);
      await navigate({ to: "/compare/$id", params: { id: made }, search: blind ? { blind } : {} });
    } catch (cause) {
      setError(cause);
      setSending(false);
    }
  };
  const replace = (place: number, model: string): void => {
    const next = [...models];
    next[place] = model;
    setChosen([...new Set(next)].slice(0, MAX_MODELS));
  };

  return (
    <div className="min-h-0 flex-1 scroll-quiet overflow-y-auto">
      <div className="mx-auto flex max-w-[44rem] flex-col gap-6 px-4 py-6">
        <header>
          <h1 className="m-0 text-title font-semibold">Compare</h1>
          <p className="mt-1 mb-0 text-ink-2">One question, two to four models, answers side by side.</p>
        </header>
        <section aria-labelledby={`${id}-models`}>
          <h2 id={`${id}-models`} className="m-0 text-ui font-medium text-ink-2">
            Models
          </h2>
          <ul className="m-0 list-none p-0">
            {models.map((model, place) => (
              <Chosen
                key={model}
                id={model}
                place={place}
                card={list?.models.find((card) => card.id === model)}
                onChange={() => setPicking(place)}
                onRemove={
                  models.length > MIN_MODELS ? () => setChosen(models.filter((other) => other !== model)) : undefined
                }
              />
            ))}
          </ul>
          {models.length < MAX_MODELS && (
            <Button look="quiet" className="mt-2 -ml-3" onClick={() => setPicking(models.length)}>
              <Plus aria-hidden="true" size={16} strokeWidth={1.5} /> Add a model
            </Button>
          )}
          {!enough && list !== undefined && (
            <p className="mt-2 mb-0 text-ui text-ink-2">
              A comparison needs two models. Add a key to .env for more, or pick one that is not ready: its column will
              say what is missing.
            </p>
          )}
        </section>
        <div className="flex flex-col gap-1">
          <label htmlFor={`${id}-question`} className="text-ui font-medium text-ink-2">
            Question
          </label>
          <textarea
            ref={field}
            id={`${id}-question`}
            rows={4}
            defaultValue={search.q ?? ""}
            placeholder="Ask all of them…"
            className={`${FIELD} field-sizing-content max-h-96 min-h-24 px-3 py-2 text-answer md:text-answer`}
            onKeyDown={(event) => {
              if (!isSendKey(event, settings?.send_key ?? "enter")) return;
              event.preventDefault();
              void start();
            }}
          />
        </div>
        <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
          <label className="flex flex-1 basis-72 items-start gap-2 text-control text-ink">
            <input
              type="checkbox"
              checked={blind}
              className="mt-0.5 size-4 accent-accent"
              onChange={() => setBlind(!blind)}
            />
            <span>
              Blind
              <span className="block text-ui text-ink-3">
                Names, order, prices and times stay hidden until you voted.
              </span>
            </span>
          </label>
          <Button look="primary" disabled={!enough || sending} onClick={() => void start()}>
            {sending ? "Sending…" : `Ask ${models.length > 1 ? `all ${models.length}` : ""}`}
          </Button>
        </div>
        {error !== null && <PageError error={error} onRetry={() => void start()} />}
      </div>
      <ModelPicker
        value={picking === null ? null : (models[picking] ?? null)}
        open={picking !== null}
        onOpenChange={(open) => {
          if (!open) setPicking(null);
        }}
        onPick={(model) => {
          if (picking !== null) replace(picking, model);
        }}
      />
    </div>
  );
}
