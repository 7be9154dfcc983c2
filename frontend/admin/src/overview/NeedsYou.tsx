import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import { formatCount, formatMoney } from "@trunkline/kit/format";
import { Time } from "@trunkline/kit/Time";
import type { Shapes } from "@/api/client";
import { anomaliesQuery, errorsQuery, overviewQuery, usageQuery } from "@/api/queries";
import { rangeOnly, type Search } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import type { Range } from "@/range/range";
import { nano } from "@/text/money";
import { Prose } from "@/text/Prose";
import { visible } from "@/text/visible";
import { counted, unpriced } from "@/text/words";
import { anomaliesIn, anomalyFilter, anomalyName, timesUsual } from "./anomalies";

const GROUPS_SHOWN = 4;
const ANOMALIES_SHOWN = 3;
const MODELS_NAMED = 3;

const TONES = {
  danger: { Icon: CircleAlert, word: "Failing", className: "text-danger" },
  warn: { Icon: TriangleAlert, word: "Warning", className: "text-warn" },
  note: { Icon: Info, word: "Note", className: "text-ink-3" },
} as const;

interface ItemProps {
  tone: keyof typeof TONES;
  children: React.ReactNode;
  link?: React.ReactNode;
}

function Item({ tone, children, link }: ItemProps): React.JSX.Element {
  const { Icon, word, className } = TONES[tone];
  return (
    <li className="flex items-start gap-2 border-b border-line py-1.5 text-ui">
      <Icon role="img" aria-label={word} size={16} strokeWidth={1.5} className={`mt-px flex-none ${className}`} />
      <span className="min-w-0 flex-1 break-words">{children}</span>
      {link}
    </li>
  );
}

function ErrorItem({
  group,
  search,
  zone,
}: {
  group: Shapes["ErrorGroup"];
  search: Search;
  zone: string;
}): React.JSX.Element {
  const where = [group.provider, group.model]
    .filter((part) => part !== "")
    .map(visible)
    .join("/");
  const filter = { kind: group.kind, ...(group.model === "" ? {} : { model: group.model }) };
  return (
    <Item
      tone={group.calls > 0 ? "danger" : "warn"}
      link={
        group.calls > 0 ? (
          <Link to="/requests" search={{ ...rangeOnly(search), ...filter }} className="flex-none">
            {counted(group.calls, "request")}
          </Link>
        ) : (
          <Link to="/requests" search={{ ...rangeOnly(search), r: group.request_id }} className="flex-none">
            latest
          </Link>
        )
      }
    >
      <b className="font-medium">{group.title}</b> at {where === "" ? "this gateway" : where}:{" "}
      {formatCount(group.count)} ×, last <Time at={group.last_seen} zone={zone} />
      {group.calls === 0 && ", each answered after another attempt"}
    </Item>
  );
}

function AnomalyItem({ anomaly, zone }: { anomaly: Shapes["Anomaly"]; zone: string }): React.JSX.Element {
  return (
    <Item
      tone="warn"
      link={
        <Link to="/requests" search={{ zone, ...anomalyFilter(anomaly) }} className="flex-none">
          requests
        </Link>
      }
    >
      <b className="font-medium">Spend of {anomalyName(anomaly)}</b>: {timesUsual(anomaly)},{" "}
      {formatMoney(nano(anomaly.spend))} in an hour and usually {formatMoney(nano(anomaly.usual))}, since{" "}
      <Time at={anomaly.opened} zone={zone} />
      {anomaly.closed !== null && ", over now"}
    </Item>
  );
}

function Unavailable({ models }: { models: Shapes["Overview"]["unavailable"] }): React.JSX.Element | null {
  if (models.length === 0) return null;
  const [first, ...rest] = models.slice(0, MODELS_NAMED);
  if (first === undefined) return null;
  const others = models.length - 1 - rest.length;
  return (
    <Item tone="warn">
      <b className="font-medium">{models.length === 1 ? "1 model is dark" : `${models.length} models are dark`}</b>:{" "}
      {[first, ...rest].map(({ model_name, reason }, index) => (
        <span key={model_name}>
          {index > 0 && "; "}
          {visible(model_name)} (<Prose text={reason} />)
        </span>
      ))}
      {others > 0 && `; and ${others} more`}
    </Item>
  );
}

/** What a person should look at: failures by group, models that cannot be called, figures that lack something. */
export function NeedsYou({ range }: { range: Range }): React.JSX.Element {
  const { search } = useAddress();
  const unusual = anomaliesIn(range, useQuery(anomaliesQuery).data?.anomalies ?? []).slice(0, ANOMALIES_SHOWN);
  const errors = useQuery(errorsQuery(range)).data;
  const overview = useQuery(overviewQuery).data;
  const total = useQuery(usageQuery(range, "provider")).data?.total;
  const groups = (errors?.groups ?? []).filter((group) => group.kind !== "client_left").slice(0, GROUPS_SHOWN);
  const dark = overview?.unavailable ?? [];
  const lacking = total?.unpriced_calls ?? 0;
  const ledgerDown = overview !== undefined && overview.ledger !== "ok" && overview.ledger !== "unknown";
  const nothing = unusual.length === 0 && groups.length === 0 && dark.length === 0 && lacking === 0 && !ledgerDown;
  return (
    <section aria-labelledby="needs-you">
      <h2 id="needs-you" className="m-0 mb-2 text-control font-semibold">
        Needs you
      </h2>
      <ul className="m-0 list-none border-t border-line p-0">
        {ledgerDown && <Item tone="danger">The ledger: {visible(overview.ledger_note)}</Item>}
        {unusual.map((anomaly) => (
          <AnomalyItem key={`${anomaly.scope} ${anomaly.name} ${anomaly.opened}`} anomaly={anomaly} zone={range.zone} />
        ))}
        {groups.map((group) => (
          <ErrorItem
            key={`${group.kind} ${group.provider} ${group.model}`}
            group={group}
            search={search}
            zone={range.zone}
          />
        ))}
        <Unavailable models={dark} />
        {lacking > 0 && <Item tone="note">{unpriced(lacking)}</Item>}
        {nothing && errors !== undefined && overview !== undefined && (
          <li className="py-2 text-control text-ink-2">Nothing. Every model can be called and no call failed.</li>
        )}
      </ul>
    </section>
  );
}
