/** Which colour, dash and marker belongs to a provider. Eight have a place of their own; the rest share "other". */

export const SERIES = [
  "openai",
  "anthropic",
  "google",
  "azure",
  "bedrock",
  "mistral",
  "cohere",
  "local",
  "other",
] as const;

/** The name of a place in the palette: `data-series` in the HTML, `--series-<name>` in tokens.css. */
export type Series = (typeof SERIES)[number];

/** How a series is told apart without its colour. `dash` is an SVG stroke-dasharray, empty for a solid line. */
export interface SeriesStyle {
  series: Series;
  /** A CSS colour that follows the theme. */
  colour: string;
  dash: string;
  marker: string;
}

const LOOK: Record<Series, { dash: string; marker: string }> = {
  openai: { dash: "", marker: "●" },
  anthropic: { dash: "", marker: "■" },
  google: { dash: "6 3", marker: "▲" },
  azure: { dash: "2 2", marker: "◆" },
  bedrock: { dash: "8 3 2 3", marker: "▼" },
  mistral: { dash: "4 2", marker: "○" },
  cohere: { dash: "10 4", marker: "□" },
  local: { dash: "1 3", marker: "△" },
  other: { dash: "1 1", marker: "×" },
};

/** The provider names of the gateway that are another name for one of the eight. */
const ALIASES: Record<string, Series> = {
  azure_ai: "azure",
  chatgpt: "openai",
  codestral: "mistral",
  cohere_chat: "cohere",
  embedded: "local",
  gemini: "google",
  hosted_vllm: "local",
  llama_cpp: "local",
  llamafile: "local",
  lm_studio: "local",
  ollama: "local",
  ollama_chat: "local",
  palm: "google",
  sagemaker: "bedrock",
  sagemaker_chat: "bedrock",
  vllm: "local",
  xinference: "local",
};

function isSeries(name: string): name is Series {
  return (SERIES as readonly string[]).includes(name);
}

/** The series of one provider by its own name, whatever else is on the page. */
export function seriesOf(provider: string | null | undefined): Series {
  if (provider === null || provider === undefined) return "other";
  const name = provider.toLowerCase();
  if (isSeries(name)) return name;
  const alias = ALIASES[name];
  if (alias !== undefined) return alias;
  if (name.startsWith("vertex")) return "google";
  if (name.startsWith("bedrock") || name.startsWith("amazon")) return "bedrock";
  if (name.startsWith("azure")) return "azure";
  if (name.includes("openai") && !name.includes("like")) return "openai";
  return "other";
}

function styleOf(series: Series): SeriesStyle {
  return { series, colour: `var(--series-${series})`, ...LOOK[series] };
}

/** Colour, dash and marker of one provider. */
export function providerColour(provider: string | null | undefined): SeriesStyle {
  return styleOf(seriesOf(provider));
}

/** FNV-1a over UTF-16 units: the same provider starts its search for a free place at the same point every day. */
function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

/**
 * Places for all providers of one chart, the dearest first. Those with a place of their own take it, further ones take
 * a free place by a stable hash; at most eight places, the rest is "other".
 */
export function assignSeries(providers: readonly string[]): Map<string, SeriesStyle> {
  const places = SERIES.filter((name) => name !== "other");
  const taken = new Set<Series>(providers.map(seriesOf));
  const assigned = new Map<string, SeriesStyle>();
  for (const provider of providers) {
    let series = seriesOf(provider);
    if (series === "other") {
      const free = places.filter((place) => !taken.has(place));
      series = free[stableHash(provider) % Math.max(free.length, 1)] ?? "other";
      taken.add(series);
    }
    assigned.set(provider, styleOf(series));
  }
  return assigned;
}
