import { formatCount, formatTokensExact } from "@trunkline/kit/format";
import type { Shapes } from "@/api/client";
import { keyName } from "@/chart/series";
import { visible } from "@/text/visible";

type Detail = Shapes["RequestDetail"];

const LINES: Record<string, string> = {
  input: "Input",
  cache_read: "Input from the provider's cache",
  cache_write: "Input written to the cache",
  output: "Output",
  other: "Searches, images, flat parts",
};

/** The bill by kind of token, exact; the lines sum up to what was charged. */
export function BillLines({ detail }: { detail: Detail }): React.JSX.Element {
  return (
    <table aria-label="Cost by kind" className="w-full border-collapse text-ui">
      <tbody>
        {detail.bill.map(({ what, tokens, spend }) => (
          <tr key={what} className="border-b border-line">
            <th scope="row" className="py-1 text-left font-normal text-ink-2">
              {LINES[what] ?? what}
            </th>
            <td className="py-1 text-right text-ink-2">{tokens === null ? "" : formatTokensExact(tokens)}</td>
            <td className="py-1 pl-4 text-right">${spend}</td>
          </tr>
        ))}
        <tr>
          <th scope="row" colSpan={2} className="py-1 text-left font-medium">
            Charged
          </th>
          <td className="py-1 pl-4 text-right font-medium" data-spend={detail.spend ?? ""}>
            {detail.spend === null ? "no price" : `$${detail.spend}`}
          </td>
        </tr>
      </tbody>
    </table>
  );
}

function facts(detail: Detail): readonly (readonly [name: string, value: string])[] {
  return [
    ["Call", detail.request_id],
    ["Provider's id", detail.provider_request_id],
    ["Client's own id", detail.client_call_id],
    ["Model asked", detail.model_group],
    ["Model that answered", detail.model],
    ["Deployment", detail.model_id],
    ["Sent to", detail.api_base],
    ["Kind of call", `${detail.call_type}${detail.stream ? ", streamed" : ""}`],
    ["Outcome", detail.outcome],
    ["Finish reason", detail.finish_reason],
    ["Tokens counted by", detail.usage_source],
    ["Reasoning", detail.reasoning_tokens === 0 ? "" : formatCount(detail.reasoning_tokens)],
    ["Key", `${keyName(detail.api_key)}…`],
    ["End user", detail.end_user],
    ["Address", detail.requester_ip_address],
    ["Client", detail.user_agent],
    ["Price", detail.price === null ? "" : `${detail.price.source}, version ${detail.price.version}`],
    ["Configuration", detail.config_version],
  ];
}

/** Everything else that the ledger knows. It is a stranger's text and shown as text. */
export function Facts({ detail }: { detail: Detail }): React.JSX.Element {
  return (
    <dl className="m-0 grid grid-cols-[8rem_1fr] gap-x-3 gap-y-1 text-ui">
      {facts(detail)
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd dir="ltr" className="m-0 min-w-0 font-mono [overflow-wrap:anywhere] break-words text-ink-2 select-all">
              {visible(value)}
            </dd>
          </div>
        ))}
    </dl>
  );
}
