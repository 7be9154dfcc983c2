import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { ModelCard } from "@/api/types";
import { abilityWords } from "@/picker/abilities";
import { DataTable, type Column, type Sort } from "@trunkline/kit/DataTable";
import { formatDuration, formatPrice, formatTokens, formatTokensExact } from "@trunkline/kit/format";

const COLUMNS: readonly Column<ModelCard>[] = [
  {
    id: "name",
    header: "Model",
    width: "minmax(8rem, 2fr)",
    sortable: true,
    cell: (model) => (
      <span className="font-medium">
        {model.name}
        {model.is_default && <span className="ml-2 font-normal text-ink-3">default</span>}
      </span>
    ),
  },
  { id: "provider", header: "Provider", width: "minmax(5rem, 1fr)", sortable: true, cell: (model) => model.provider },
  {
    id: "context",
    header: "Context",
    width: "5.5rem",
    align: "right",
    sortable: true,
    wideOnly: true,
    cell: (model) => <span title={formatTokensExact(model.context_tokens)}>{formatTokens(model.context_tokens)}</span>,
  },
  {
    id: "input",
    header: "$/M in",
    width: "4.25rem",
    align: "right",
    sortable: true,
    cell: (model) => (model.embedded ? "free" : model.price === null ? "–" : formatPrice(model.price.input_per_mtok)),
  },
  {
    id: "output",
    header: "$/M out",
    width: "4.75rem",
    align: "right",
    sortable: true,
    cell: (model) => (model.embedded ? "free" : model.price === null ? "–" : formatPrice(model.price.output_per_mtok)),
  },
  {
    id: "first",
    header: "First word",
    width: "6.5rem",
    align: "right",
    sortable: true,
    wideOnly: true,
    cell: (model) => formatDuration(model.first_word_ms),
  },
  {
    id: "abilities",
    header: "Takes and does",
    width: "minmax(10rem, 2fr)",
    wideOnly: true,
    cell: (model) => <span className="text-ink-2">{abilityWords(model)}</span>,
  },
];

/** What a column sorts by; null goes last whichever way. */
const KEYS: Record<string, (model: ModelCard) => string | number | null> = {
  name: (model) => model.name.toLowerCase(),
  provider: (model) => model.provider,
  context: (model) => model.context_tokens,
  input: (model) => (model.price === null ? null : Number(model.price.input_per_mtok)),
  output: (model) => (model.price === null ? null : Number(model.price.output_per_mtok)),
  first: (model) => model.first_word_ms,
};

/** Models in the order of a column; those without a value come last in both directions. */
export function sortModels(models: readonly ModelCard[], sort: Sort | null): ModelCard[] {
  const key = sort === null ? undefined : KEYS[sort.column];
  if (sort === null || key === undefined) return [...models];
  const turn = sort.descending ? -1 : 1;
  return models.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === "number" && typeof y === "number") return (x - y) * turn;
    return String(x).localeCompare(String(y), "en", { numeric: true }) * turn;
  });
}

/** The models that answer, to be sorted by any column; a row opens the model's page. */
export function ModelTable({ models }: { models: readonly ModelCard[] }): React.JSX.Element {
  const navigate = useNavigate();
  const [sort, setSort] = useState<Sort | null>(null);
  const rows = useMemo(() => sortModels(models, sort), [models, sort]);
  return (
    <DataTable
      label="Models that answer"
      columns={COLUMNS}
      rows={rows}
      rowKey={(model) => model.id}
      sort={sort}
      onSort={setSort}
      line={(model) => ({ provider: model.provider, state: model.embedded ? "embedded" : "ok" })}
      onOpen={(model) => void navigate({ to: "/models/$id", params: { id: model.id } })}
    />
  );
}
