import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { modelsQuery } from "@/api/models";
import type { ModelCard } from "@/api/types";
import { PageError } from "@/errors/PageError";
import { abilityWords } from "@/picker/abilities";
import { fixOf, isReady, reasonOf, standingOf } from "@/picker/state";
import { useTogglePin } from "@/picker/usePinned";
import { Button } from "@trunkline/kit/Button";
import { EmptyState } from "@trunkline/kit/EmptyState";
import { ErrorCard } from "@trunkline/kit/ErrorCard";
import { formatDuration, formatPrice, formatTokensExact } from "@trunkline/kit/format";
import { Line } from "@trunkline/kit/Line";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { Time } from "@trunkline/kit/Time";
import { Words } from "@trunkline/kit/Words";

/** What a model is and costs, one fact a row. Null is left out. */
function factsOf(model: ModelCard): [string, React.ReactNode][] {
  const { price } = model;
  const facts: [string, React.ReactNode][] = [
    [
      "Name to ask for",
      <code key="id" className="font-mono select-all">
        {model.id}
      </code>,
    ],
    ["Provider", model.provider],
    ["Answers with", model.group_of.length === 0 ? null : model.group_of.join(", ")],
    ["Context", model.context_tokens === null ? null : formatTokensExact(model.context_tokens)],
    ["Longest answer", model.max_output_tokens === null ? null : formatTokensExact(model.max_output_tokens)],
    [
      "Input",
      model.embedded
        ? "free"
        : price === null
          ? "no price known"
          : `$${formatPrice(price.input_per_mtok)} per million tokens`,
    ],
    ["Cached input", price?.cached_per_mtok ? `$${formatPrice(price.cached_per_mtok)} per million tokens` : null],
    ["Output", price === null || model.embedded ? null : `$${formatPrice(price.output_per_mtok)} per million tokens`],
    ["Takes and does", abilityWords(model)],
    [
      "First word",
      model.first_word_ms === null
        ? "not measured yet"
        : `${formatDuration(model.first_word_ms)}, median of your answers`,
    ],
    ["Temperature", model.abilities.temperature ? null : "not taken; the model sets its own"],
  ];
  return facts.filter(([, value]) => value !== null);
}

function Replaced({ model }: { model: ModelCard }): React.JSX.Element | null {
  if (model.replaced === null) return null;
  const { retired, successor, since } = model.replaced;
  return (
    <p className="m-0 border-l-2 border-line-strong pl-3 text-control text-ink-2">
      {retired} is retired{since === null ? "" : ` since ${since}`}; {successor} answers in its place.
    </p>
  );
}

function Model({ model }: { model: ModelCard }): React.JSX.Element {
  const togglePin = useTogglePin();
  const standing = standingOf(model);
  const ready = isReady(model);
  return (
    <article className="flex flex-col gap-6">
      <header className="flex gap-3">
        <Line provider={model.provider} state={model.embedded ? "embedded" : ready ? "ok" : "skipped"} />
        <div className="min-w-0 flex-1">
          <h1 className="m-0 text-title font-semibold break-words">{model.name}</h1>
          <p className="m-0 text-ink-2">
            {model.provider} · {standing.word}
            {model.since !== null && (
              <>
                {" "}
                since <Time at={model.since} />
              </>
            )}
          </p>
        </div>
      </header>
      {!ready && (
        <ErrorCard
          code={model.state}
          tone="warning"
          announced={false}
          message={<Words>{reasonOf(model)}</Words>}
          fix={<Words>{fixOf(model) ?? ""}</Words>}
        />
      )}
      <Replaced model={model} />
      <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-6 text-control">
        {factsOf(model).map(([label, value]) => (
          <div key={label} className="col-span-2 grid grid-cols-subgrid border-b border-line py-1.5">
            <dt className="text-ink-3">{label}</dt>
            <dd className="m-0 min-w-0 break-words text-ink">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="flex flex-wrap items-center gap-3">
        {standing.usable && (
          <Link
            to="/"
            search={{ model: model.id }}
            className="flex h-8 items-center rounded-control bg-accent px-3 text-control font-medium text-on-accent no-underline hover:opacity-90 coarse:h-11"
          >
            New chat with it
          </Link>
        )}
        <Link to="/compare/new" search={{ models: model.id }}>
          Compare it
        </Link>
        <Button look="quiet" aria-pressed={model.pinned} onClick={() => togglePin(model)}>
          {model.pinned ? "Unpin" : "Pin"}
        </Button>
      </div>
    </article>
  );
}

/** `/models/$id`: one model, with the way to use it or the reason why it does not answer. */
export function ModelPage(): React.JSX.Element {
  const { id } = useParams({ from: "/shell/models/$id" });
  const { data: list, error, refetch } = useQuery(modelsQuery);
  const model = list?.models.find((one) => one.id === id);
  return (
    <div className="min-h-0 flex-1 scroll-quiet overflow-y-auto">
      <div className="mx-auto flex max-w-[44rem] flex-col gap-4 px-4 py-6">
        <Link to="/models" className="w-fit text-ui">
          All models
        </Link>
        {model !== undefined && <Model model={model} />}
        {list === undefined &&
          (error === null ? <Skeleton lines={6} /> : <PageError error={error} onRetry={() => void refetch()} />)}
        {list !== undefined && model === undefined && (
          <EmptyState heading title={`The gateway has no model named ${id}`}>
            It may have been renamed or taken out of the gateway’s configuration.
          </EmptyState>
        )}
      </div>
    </div>
  );
}
