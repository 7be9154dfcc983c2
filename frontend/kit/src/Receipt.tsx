import { useId, useState } from "react";
import { Bill } from "./Bill.tsx";
import { cx } from "./cx.ts";
import { isCounted } from "./counted.ts";
import { formatDuration, formatMoney, formatMoneyExact, formatTokens, formatTokensExact } from "./format.ts";
import { Stations } from "./Stations.tsx";
import type { ReceiptData, RouteData } from "./types.ts";

/** Which part of a receipt is open: the bill, the route, or neither. */
export type ReceiptOpen = "bill" | "route" | null;

interface ReceiptProps {
  receipt: ReceiptData;
  /** With a route there is a "why this?" behind the figures. */
  route?: RouteData | null | undefined;
  /** Shorter, for a column: no first word, no cached part. */
  compact?: boolean;
  /** Given together, they keep the open part outside, so that it outlives the row in a virtual list. */
  open?: ReceiptOpen;
  onOpenChange?: (open: ReceiptOpen) => void;
  className?: string;
}

interface Part {
  key: string;
  text: string;
  exact: string;
  strong?: boolean;
  /** Stays when there is little room (phone): the time and the cost. */
  kept?: boolean;
}

function tokenParts({ usage }: ReceiptData, compact: boolean): Part[] {
  const parts: Part[] = [];
  if (usage.input !== null && !compact) {
    const cached = usage.cached ? ` (${formatTokens(usage.cached)} cached)` : "";
    const exact = usage.cached ? `, ${formatTokensExact(usage.cached)} cached` : "";
    parts.push({
      key: "in",
      text: `${formatTokens(usage.input)} in${cached}`,
      exact: `${formatTokensExact(usage.input)} in${exact}`,
    });
  }
  if (usage.output !== null) {
    const reasoning = usage.reasoning && !compact ? ` (${formatTokens(usage.reasoning)} reasoning)` : "";
    parts.push({
      key: "out",
      text: `${formatTokens(usage.output)} out${reasoning}`,
      exact: `${formatTokensExact(usage.output)} out`,
    });
  }
  return parts;
}

/** The figures of a receipt in their order; what is not known yet is left out, so that the line fills up. */
function figuresOf(receipt: ReceiptData, compact: boolean): Part[] {
  const { timing } = receipt;
  const list: Part[] = [];
  if (timing.first_word_ms !== null && timing.first_word_ms !== undefined) {
    const text = formatDuration(timing.first_word_ms);
    list.push({ key: "first", text: compact ? text : `${text} first word`, exact: `first word after ${text}` });
  }
  if (timing.total_ms !== null && timing.total_ms !== undefined) {
    const text = formatDuration(timing.total_ms);
    list.push({ key: "total", text, exact: `whole answer in ${text}`, kept: true });
  }
  if (!isCounted(receipt)) {
    const text = "not counted";
    return [...list, { key: "cost", text, exact: "no tokens and no cost were counted", kept: true }];
  }
  list.push(...tokenParts(receipt, compact));
  list.push({
    key: "cost",
    text: formatMoney(receipt.cost_nano, { settled: receipt.settled }),
    exact: `cost ${receipt.settled ? "" : "about "}${formatMoneyExact(receipt.cost_nano)}`,
    strong: true,
    kept: true,
  });
  return list;
}

const OPENER = "rounded-control text-left hover:text-ink coarse:min-h-11";

/** The one line under an answer: times, tokens and cost in figures of equal width. Opened, it is the whole bill. */
export function Receipt(props: ReceiptProps): React.JSX.Element {
  const { receipt, route, compact = false, className } = props;
  const [own, setOwn] = useState<ReceiptOpen>(null);
  const open = props.open ?? own;
  const change = props.onOpenChange ?? setOwn;
  const id = useId();
  const figures = figuresOf(receipt, compact);
  const toggle = (part: "bill" | "route") => () => change(open === part ? null : part);
  return (
    <div className={cx("@container text-meta text-ink-3", className)} data-receipt="">
      <div className="flex flex-wrap items-center gap-x-1">
        <button
          type="button"
          className={cx(OPENER, "flex flex-wrap items-center")}
          aria-expanded={open === "bill"}
          aria-controls={`${id}-bill`}
          aria-describedby={`${id}-exact`}
          onClick={toggle("bill")}
        >
          <span className="sr-only">Receipt: </span>
          {figures.map((part, index) => (
            <span
              key={part.key}
              title={part.exact}
              className={cx(
                "whitespace-pre",
                part.kept !== true && "@max-sm:sr-only",
                part.strong === true && "text-ink-2",
              )}
            >
              {part.text}
              {index < figures.length - 1 && " · "}
            </span>
          ))}
          <span aria-hidden="true" className="ml-1 hidden @max-sm:inline">
            {open === "bill" ? "▴" : "▾"}
          </span>
        </button>
        {route !== null && route !== undefined && (
          <>
            <span aria-hidden="true">·</span>
            <button
              type="button"
              className={cx(OPENER, "underline decoration-line-strong underline-offset-2")}
              aria-expanded={open === "route"}
              aria-controls={`${id}-route`}
              onClick={toggle("route")}
            >
              why this?
            </button>
          </>
        )}
      </div>
      <span id={`${id}-exact`} hidden>
        {figures.map((part) => part.exact).join(", ")}
      </span>
      <div id={`${id}-bill`} hidden={open !== "bill"}>
        {open === "bill" && <Bill receipt={receipt} className="mt-2 mb-1" />}
      </div>
      <div id={`${id}-route`} hidden={open !== "route"}>
        {open === "route" && route !== null && route !== undefined && <Stations route={route} className="mt-3 mb-1" />}
      </div>
    </div>
  );
}
