import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { modelsQuery } from "@/api/models";
import { PageError } from "@/errors/PageError";
import { FilterBar } from "@/picker/FilterBar";
import { group, type Filters } from "@/picker/filter";
import { EmptyState } from "@trunkline/kit/EmptyState";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { FIELD } from "@trunkline/kit/TextField";
import { formatClock } from "@trunkline/kit/time";
import { ModelTable } from "./ModelTable";
import { TroubleList } from "./TroubleList";

/** `/models`: every model with its price, abilities and state; those that do not answer with the reason and the fix. */
export function ModelsPage(): React.JSX.Element {
  const search = useSearch({ from: "/shell/models" });
  const navigate = useNavigate();
  const { data: list, error, refetch } = useQuery(modelsQuery);
  const query = search.q ?? "";
  const filters: Filters = {
    images: search.images === true,
    tools: search.tools === true,
    cheap: search.cheap === true,
    ready: search.ready === true,
  };
  const change = (q: string, next: Filters): void => {
    const on = Object.fromEntries(Object.entries(next).filter(([, isOn]) => isOn));
    void navigate({ to: "/models", search: { ...(q === "" ? {} : { q }), ...on }, replace: true });
  };
  const groups = group(list?.models ?? [], query, filters);
  const ready = groups.flatMap(({ key, models }) => (key === "not_now" ? [] : models));
  const trouble = groups.find(({ key }) => key === "not_now")?.models ?? [];
  const total = list?.models.length ?? 0;

  return (
    <div className="min-h-0 flex-1 scroll-quiet overflow-y-auto">
      <div className="mx-auto flex max-w-5xl flex-col gap-6 px-4 py-6">
        <header className="flex flex-wrap items-baseline gap-x-4">
          <h1 className="m-0 text-title font-semibold">Models</h1>
          {list !== undefined && (
            <p className="m-0 text-ui text-ink-3">
              {list.stale
                ? `As of ${formatClock(list.as_of)}; the gateway does not answer.`
                : `${total} at this gateway`}
            </p>
          )}
        </header>
        <div className="flex flex-wrap items-center gap-2">
          <input
            type="search"
            aria-label="Find a model"
            placeholder="Find by name, provider, ability or price…"
            className={`${FIELD} h-8 min-w-0 flex-1 basis-64 coarse:h-11`}
            value={query}
            onChange={(event) => change(event.target.value, filters)}
          />
          <FilterBar filters={filters} onChange={(next) => change(query, next)} />
        </div>
        {list === undefined &&
          (error === null ? <Skeleton lines={8} /> : <PageError error={error} onRetry={() => void refetch()} />)}
        {ready.length > 0 && <ModelTable models={ready} />}
        {trouble.length > 0 && <TroubleList models={trouble} />}
        {list !== undefined && groups.length === 0 && (
          <EmptyState title="No model matches">Use fewer words or filters.</EmptyState>
        )}
      </div>
    </div>
  );
}
