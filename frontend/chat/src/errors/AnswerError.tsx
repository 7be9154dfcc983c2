import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { modelsQuery } from "@/api/models";
import type { ErrorBody } from "@/api/types";
import { ErrorCard, type ErrorAction } from "@trunkline/kit/ErrorCard";
import { Words } from "@trunkline/kit/Words";
import { mayRetryByItself, noteRetry } from "./retryOnce";
import { alternativeOf, fixOf, kindOf, messageOf, quoteOf, type Remedy } from "./words";
import { useCountdown } from "./useCountdown";

interface AnswerErrorProps {
  error: ErrorBody;
  /** Who is quoted: the provider that said it. */
  provider: string | null;
  /** Asks again; with a model, that one. Left out where nothing can be asked. */
  onRetry?: (modelId?: string) => void;
  /** Opens the picker. */
  onPickModel?: () => void;
  /** Goes on from the text that is there. */
  onContinue?: () => void;
  /** Opens the question for a change. */
  onEdit?: () => void;
  /** True when the error has just happened here: it is announced, and a rate limit is tried again once by itself. */
  fresh?: boolean;
}

/** What went wrong with an answer, and the buttons that lead out: another model, again, go on, change the question. */
export function AnswerError(props: AnswerErrorProps): React.JSX.Element {
  const { error, provider, onRetry, onPickModel, onContinue, onEdit, fresh = false } = props;
  const { data: list } = useQuery({ ...modelsQuery, enabled: false });
  const { tone, remedies } = kindOf(error.code);
  const alternative = alternativeOf(error, list?.models ?? []);
  const waits = fresh && onRetry !== undefined && mayRetryByItself(error, Date.now());
  const [until] = useState(() =>
    waits && error.retry_after_s !== null ? Date.now() + error.retry_after_s * 1_000 : null,
  );
  const left = useCountdown(until, () => {
    noteRetry(error, Date.now());
    onRetry?.();
  });

  const made: Record<Remedy, ErrorAction | null> = {
    switch:
      alternative === null || onRetry === undefined
        ? null
        : { label: `Use ${alternative.name}`, primary: true, onSelect: () => onRetry(alternative.id) },
    pick: onPickModel === undefined ? null : { label: "Pick another model", onSelect: onPickModel },
    retry: onRetry === undefined ? null : { label: "Try again", onSelect: () => onRetry() },
    continue: onContinue === undefined ? null : { label: "Continue", primary: true, onSelect: onContinue },
    edit: onEdit === undefined ? null : { label: "Change the question", onSelect: onEdit },
    keys: null,
  };
  const actions = remedies.map((remedy) => made[remedy]).filter((action) => action !== null);
  const quote = quoteOf(error, provider ?? "The provider");

  return (
    <ErrorCard
      code={error.code}
      tone={tone}
      announced={fresh}
      message={<Words>{messageOf(error)}</Words>}
      fix={
        <>
          {/* Off, or the alert around it would be read out every second. */}
          <span aria-live="off">{left !== null && left > 0 ? `Trying again in ${left} s. ` : ""}</span>
          {left === null || left === 0 ? <Words>{fixOf(error) ?? ""}</Words> : null}{" "}
          {remedies.includes("keys") && error.model !== null && (
            <Link to="/models/$id" params={{ id: error.model }}>
              How
            </Link>
          )}
        </>
      }
      quote={quote}
      actions={actions}
    />
  );
}
