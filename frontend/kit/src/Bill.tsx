import { isCounted } from "./counted.ts";
import { formatCount, formatDuration, formatMoneyExact } from "./format.ts";
import type { ReceiptData } from "./types.ts";

interface BillLine {
  label: string;
  value: string;
  /** A part of the line above, such as the cached part of the input. */
  part?: boolean;
}

function tokens(count: number | null | undefined): string {
  return count === null || count === undefined ? "not said" : formatCount(count);
}

function tokenLines({ usage }: ReceiptData): BillLine[] {
  const lines: BillLine[] = [{ label: "Tokens in", value: tokens(usage.input) }];
  if (usage.cached) lines.push({ label: "of these cached", value: tokens(usage.cached), part: true });
  lines.push({ label: "Tokens out", value: tokens(usage.output) });
  if (usage.reasoning) lines.push({ label: "of these reasoning", value: tokens(usage.reasoning), part: true });
  return lines;
}

function timeLines({ timing }: ReceiptData): BillLine[] {
  const lines: BillLine[] = [
    { label: "First word", value: formatDuration(timing.first_word_ms) },
    { label: "Whole answer", value: formatDuration(timing.total_ms) },
  ];
  if (timing.gateway_ms !== null && timing.gateway_ms !== undefined) {
    lines.push({ label: "of this the gateway", value: `${timing.gateway_ms.toFixed(1)} ms`, part: true });
  }
  return lines;
}

function costNote(receipt: ReceiptData): string {
  if (!isCounted(receipt)) return "The call was not answered, so nothing was counted.";
  if (receipt.cost_nano === null || receipt.cost_nano === undefined) {
    return "No price is known for this model, so nothing is counted.";
  }
  const counted = receipt.estimated === true ? " The provider sent no token count; these are our own." : "";
  return (receipt.settled ? "Cost from the gateway's ledger." : "Estimate, until the ledger has the call.") + counted;
}

function whoLines(receipt: ReceiptData): BillLine[] {
  const lines: BillLine[] = [];
  const answered = receipt.model_answered;
  if (receipt.model) lines.push({ label: "Model asked", value: receipt.model });
  if (answered && answered !== receipt.model) lines.push({ label: "Model that answered", value: answered });
  if (receipt.provider) lines.push({ label: "Provider", value: receipt.provider });
  if (receipt.deployment && receipt.deployment !== answered) {
    lines.push({ label: "Deployment", value: receipt.deployment });
  }
  if (receipt.call_id) lines.push({ label: "Call", value: receipt.call_id });
  return lines;
}

interface BillProps {
  receipt: ReceiptData;
  className?: string;
}

/** The receipt in full: every token, the whole amount, where the time went, and who was asked. */
export function Bill({ receipt, className }: BillProps): React.JSX.Element {
  const settled = receipt.settled ? "" : "≈ ";
  const cost = receipt.cost_nano === null || receipt.cost_nano === undefined ? "" : settled;
  const lines: BillLine[] = isCounted(receipt)
    ? [
        ...tokenLines(receipt),
        { label: "Cost", value: `${cost}${formatMoneyExact(receipt.cost_nano)}` },
        ...timeLines(receipt),
      ]
    : [{ label: "Tokens and cost", value: "not counted" }, ...timeLines(receipt)];
  return (
    <div className={className}>
      <table aria-label="Bill" className="w-full max-w-md border-collapse text-ui">
        <tbody>
          {lines.map(({ label, value, part }) => (
            <tr key={label} className="border-b border-line">
              <th
                scope="row"
                className={`py-1 text-left font-normal ${part === true ? "pl-4 text-ink-3" : "text-ink-2"}`}
              >
                {label}
              </th>
              <td className={`py-1 text-right ${label === "Cost" ? "font-semibold text-ink" : "text-ink-2"}`}>
                {value}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl className="mt-2 grid max-w-md grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-ui">
        {whoLines(receipt).map(({ label, value }) => (
          <div key={label} className="contents">
            <dt className="text-ink-3">{label}</dt>
            <dd className="m-0 text-right font-mono break-all text-ink-2 select-all">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 max-w-md text-meta text-ink-3">{costNote(receipt)}</p>
    </div>
  );
}
