/** What the address of a comparison says: its layout, the column that the others are compared with, and whether it is blind. */
export interface CompareSearch {
  layout?: Layout;
  /** Column from 0. */
  pin?: number;
  blind?: boolean;
}

export type Layout = "columns" | "tabs" | "diff";

/** What the address of a new comparison says: `/compare/new?models=a,b&q=…` opens one that is ready to send. */
export interface NewCompareSearch {
  /** Ids with commas between. */
  models?: string;
  q?: string;
  blind?: boolean;
}

export const MIN_MODELS = 2;
export const MAX_MODELS = 4;

const LAYOUTS: readonly Layout[] = ["columns", "tabs", "diff"];

function flag(value: unknown): boolean {
  return value === true || value === "true" || value === 1 || value === "1";
}

/** For `validateSearch` of `/compare/$id`: what is not understood is left out. */
export function compareSearch(search: Record<string, unknown>): CompareSearch {
  const layout = LAYOUTS.find((one) => one === search["layout"]);
  const pin = Number(search["pin"]);
  return {
    ...(layout === undefined || layout === "columns" ? {} : { layout }),
    ...(Number.isInteger(pin) && pin > 0 && pin < MAX_MODELS ? { pin } : {}),
    ...(flag(search["blind"]) ? { blind: true } : {}),
  };
}

/** For `validateSearch` of `/compare/new`. */
export function newCompareSearch(search: Record<string, unknown>): NewCompareSearch {
  const { models, q } = search;
  return {
    ...(typeof models === "string" && models !== "" ? { models } : {}),
    ...(q === undefined || q === null || q === "" ? {} : { q: String(q) }),
    ...(flag(search["blind"]) ? { blind: true } : {}),
  };
}

/** The model ids of `?models=a,b`: at most four, each once. */
export function modelIds(models: string | undefined): string[] {
  const ids = (models ?? "").split(",").map((id) => id.trim());
  return [...new Set(ids.filter((id) => id !== ""))].slice(0, MAX_MODELS);
}
