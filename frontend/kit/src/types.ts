/**
 * What the kit needs to know of an answer. The shapes follow the application's API (money in nano-dollars as a string,
 * times in milliseconds), but the kit makes no call: whoever has these fields can show a line and a receipt.
 */

/** Tokens of one call; null where the provider did not say. */
export interface Usage {
  input: number | null;
  output: number | null;
  cached?: number | null | undefined;
  reasoning?: number | null | undefined;
  total?: number | null | undefined;
}

/** Durations in milliseconds. */
export interface Timing {
  first_word_ms?: number | null | undefined;
  total_ms?: number | null | undefined;
  gateway_ms?: number | null | undefined;
}

export interface ReceiptData {
  usage: Usage;
  /** Nano-dollars; null when the model has no known price. */
  cost_nano?: string | null | undefined;
  /** True once the figures come from the gateway's ledger row. */
  settled: boolean;
  /** True when tokens were counted by us, because the provider sent no usage. */
  estimated?: boolean | undefined;
  timing: Timing;
  call_id?: string | null | undefined;
  model?: string | null | undefined;
  model_answered?: string | null | undefined;
  provider?: string | null | undefined;
  deployment?: string | null | undefined;
}

export type StationKind = "you" | "key" | "policy" | "router" | "provider";
export type StationState = "ok" | "failed" | "cached" | "embedded" | "skipped";

export interface Station {
  kind: StationKind;
  name: string;
  state: StationState;
  detail?: string | null | undefined;
  /** Time between the station before and this one, in milliseconds. */
  wait_ms?: number | null | undefined;
}

export interface RouteData {
  stations: readonly Station[];
  /** One sentence: why this provider answered. */
  why: string;
  /** One sentence: a retired model was asked for, and another answered in its place. */
  replaced?: string | null | undefined;
}
