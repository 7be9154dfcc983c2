import type { ModelCard } from "@/api/types";

/** How a model stands, in the words of the page. */
export interface Standing {
  /** ● answers · ◑ answers, but fails often · ○ does not answer. */
  sign: "●" | "◑" | "○";
  tone: "ok" | "warn" | "off";
  /** One word for a screen reader and for the list. */
  word: string;
  /** What a press on the row offers when the model is not ready. */
  offer: string;
  /** Whether it may be chosen all the same. */
  usable: boolean;
}

const STANDINGS: Record<ModelCard["state"], Standing> = {
  ready: { sign: "●", tone: "ok", word: "ready", offer: "", usable: true },
  unknown: { sign: "◑", tone: "warn", word: "not tried yet", offer: "Use it", usable: true },
  failing: { sign: "◑", tone: "warn", word: "failing", offer: "Use anyway", usable: true },
  down: { sign: "○", tone: "off", word: "down", offer: "Use anyway", usable: true },
  budget: { sign: "○", tone: "off", word: "budget used", offer: "Owner", usable: false },
  no_key: { sign: "○", tone: "off", word: "no key", offer: "How", usable: false },
};

const NOT_ALLOWED: Standing = { sign: "○", tone: "off", word: "not allowed", offer: "Who", usable: false };

export function standingOf(model: ModelCard): Standing {
  return model.allowed ? STANDINGS[model.state] : NOT_ALLOWED;
}

/** Whether the model belongs under READY: it answers, or nobody has tried it yet. */
export function isReady(model: ModelCard): boolean {
  return model.allowed && (model.state === "ready" || model.state === "unknown");
}

/** Why a model does not answer, in one sentence; the server's own words where it has some. */
export function reasonOf(model: ModelCard): string {
  if (!model.allowed) return model.reason ?? "Your key may not use this model.";
  if (model.reason !== null) return model.reason;
  switch (model.state) {
    case "ready":
      return "";
    case "no_key":
      return model.variable === null
        ? `No key for ${model.provider}.`
        : `No key for ${model.provider}: set ${model.variable}.`;
    case "failing":
      return `${model.provider} fails often at the moment.`;
    case "down":
      return `${model.provider} does not answer.`;
    case "budget":
      return "The budget for this model is used.";
    case "unknown":
      return "Nobody has asked it yet.";
  }
}

/** What to do about it, in one sentence; null when the model is ready. */
export function fixOf(model: ModelCard): string | null {
  if (model.fix !== null) return model.fix;
  if (!model.allowed) return "Ask the owner of the key.";
  if (model.state === "no_key" && model.variable !== null) {
    return `Put ${model.variable}=… in .env; it is picked up without a restart.`;
  }
  return null;
}
