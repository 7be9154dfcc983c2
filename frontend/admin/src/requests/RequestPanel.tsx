import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, Link2, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { ErrorCard } from "@trunkline/kit/ErrorCard";
import { IconButton } from "@trunkline/kit/IconButton";
import { Receipt } from "@trunkline/kit/Receipt";
import { Stations } from "@trunkline/kit/Stations";
import { announce } from "@trunkline/kit/StatusText";
import { formatTimeFull } from "@trunkline/kit/time";
import type { ReceiptData } from "@trunkline/kit/types";
import type { Shapes } from "@/api/client";
import { requestQuery } from "@/api/queries";
import { Loaded } from "@/app/Loaded";
import { nanoOrNull } from "@/text/money";
import { visible } from "@/text/visible";
import { BillLines, Facts } from "./Facts";
import { kindWord } from "./kinds";
import { routeOf } from "./route";

type Detail = Shapes["RequestDetail"];

function receiptOf(detail: Detail): ReceiptData {
  return {
    usage: {
      input: detail.prompt_tokens,
      output: detail.completion_tokens,
      cached: detail.cache_read_tokens,
      reasoning: detail.reasoning_tokens,
      total: detail.prompt_tokens + detail.completion_tokens,
    },
    cost_nano: nanoOrNull(detail.spend),
    settled: !detail.estimated,
    estimated: detail.estimated,
    timing: { first_word_ms: detail.first_byte_ms, total_ms: detail.duration_ms },
    call_id: detail.request_id,
    model: visible(detail.model_group),
    model_answered: visible(detail.model),
    provider: visible(detail.provider),
    deployment: visible(detail.model_id),
  };
}

function Whole({ detail, zone }: { detail: Detail; zone: string }): React.JSX.Element {
  return (
    <div className="flex flex-col gap-6">
      <p className="m-0 text-ui text-ink-3">{formatTimeFull(detail.start_time, zone)}</p>
      {detail.kind !== null && (
        <ErrorCard
          code={detail.kind}
          message={`${detail.http_status === 0 ? "No answer" : detail.http_status}: ${kindWord(detail.kind)}`}
          quote={detail.error === "" ? null : { who: "The error", text: visible(detail.error) }}
          announced={false}
        />
      )}
      <Stations route={routeOf(detail)} />
      <section aria-label="Receipt">
        <Receipt receipt={receiptOf(detail)} />
        <div className="mt-2">
          <BillLines detail={detail} />
        </div>
      </section>
      <Facts detail={detail} />
      <p className="m-0 text-ui text-ink-3">What was asked and answered is not kept in the ledger.</p>
    </div>
  );
}

interface RequestPanelProps {
  id: string;
  zone: string;
  onClose: () => void;
  /** Undefined where there is none. */
  onNext?: (() => void) | undefined;
  onBefore?: (() => void) | undefined;
}

/** One request beside the list; on a phone over it. */
export function RequestPanel({ id, zone, onClose, onNext, onBefore }: RequestPanelProps): React.JSX.Element {
  const query = useQuery(requestQuery(id));
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus({ preventScroll: true }), []);
  const icon = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(location.href);
    announce("Link copied");
  };
  return (
    <aside
      aria-label="Request"
      className="fixed inset-0 z-30 scroll-quiet overflow-y-auto bg-canvas px-4 pb-6 lg:static lg:z-auto lg:max-h-[calc(100dvh-13rem)] lg:w-[45%] lg:flex-none lg:border-l lg:border-line lg:px-5"
      data-panel=""
    >
      <div className="sticky top-0 z-10 mb-2 flex items-center gap-1 border-b border-line bg-canvas py-1">
        <h2 ref={head} tabIndex={-1} className="m-0 min-w-0 flex-1 truncate font-mono text-ui font-normal outline-none">
          {visible(id)}
        </h2>
        <IconButton label="Request before" keys="K" disabled={onBefore === undefined} onClick={onBefore}>
          <ChevronUp {...icon} />
        </IconButton>
        <IconButton label="Next request" keys="J" disabled={onNext === undefined} onClick={onNext}>
          <ChevronDown {...icon} />
        </IconButton>
        <IconButton label="Copy a link to this request" onClick={() => void copy()}>
          <Link2 {...icon} />
        </IconButton>
        <IconButton label="Close" keys="Esc" onClick={onClose}>
          <X {...icon} />
        </IconButton>
      </div>
      <Loaded query={query} label="Request" lines={8}>
        {(detail) => <Whole detail={detail} zone={zone} />}
      </Loaded>
    </aside>
  );
}
