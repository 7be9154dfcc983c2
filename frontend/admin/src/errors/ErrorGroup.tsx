import { Link } from "@tanstack/react-router";
import { Line } from "@trunkline/kit/Line";
import { Sparkline } from "@trunkline/kit/Sparkline";
import { Time } from "@trunkline/kit/Time";
import { formatCount } from "@trunkline/kit/format";
import type { Shapes } from "@/api/client";
import { rangeOnly } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import { visible } from "@/text/visible";
import { counted } from "@/text/words";

type Group = Shapes["ErrorGroup"];

/** "412 calls", "412 calls and 3 attempts that another one made up for". */
function failedIn({ calls, attempts }: Group): string {
  const failed = calls === 0 ? "" : counted(calls, "call");
  if (attempts === 0) return failed;
  const tried = `${counted(attempts, "attempt")}, tried again`;
  return failed === "" ? tried : `${failed} and ${tried}`;
}

/** One kind of failure at one provider with one model: how often, since when, what it said, what to do. */
export function ErrorGroup({ group, zone }: { group: Group; zone: string }): React.JSX.Element {
  const { search } = useAddress();
  const where = [group.provider, group.model]
    .filter((part) => part !== "")
    .map(visible)
    .join("/");
  const narrowed = {
    kind: group.kind,
    ...(group.model === "" ? {} : { model: group.model }),
    ...(group.provider === "" ? {} : { provider: group.provider }),
  };
  return (
    <li className="flex gap-3 border-b border-line py-3" data-kind={group.kind}>
      <Line provider={group.provider} state="failed" />
      <div className="grid min-w-0 flex-1 gap-x-6 gap-y-2 lg:grid-cols-[minmax(0,1fr)_auto]">
        <div className="min-w-0">
          <h2 className="m-0 flex flex-wrap items-baseline gap-x-2 text-control font-semibold">
            {group.new && <span className="text-meta font-medium text-warn">NEW</span>}
            {group.title}
            <span className="font-normal break-words text-ink-2">{where === "" ? "this gateway" : where}</span>
          </h2>
          <p className="m-0 mt-1 text-ui text-ink-2">{group.advice}</p>
          {group.error !== "" && (
            <blockquote className="m-0 mt-1 line-clamp-3 font-mono text-ui [overflow-wrap:anywhere] break-words text-ink-3">
              {visible(group.error)}
            </blockquote>
          )}
        </div>
        <div className="flex flex-wrap items-center gap-x-6 gap-y-1 text-ui lg:flex-col lg:items-end">
          <Sparkline
            values={group.points}
            label={`${formatCount(group.count)} over time, at most ${formatCount(Math.max(0, ...group.points))} at once`}
            width={144}
          />
          <span className="text-ink-2">
            first <Time at={group.first_seen} zone={zone} /> · last <Time at={group.last_seen} zone={zone} />
          </span>
          <span className="flex flex-wrap gap-x-4">
            {group.calls > 0 ? (
              <Link to="/requests" search={{ ...rangeOnly(search), ...narrowed }}>
                {failedIn(group)}
              </Link>
            ) : (
              <span className="text-ink-2">{failedIn(group)}</span>
            )}
            <Link to="/requests" search={{ ...rangeOnly(search), r: group.request_id }}>
              latest
            </Link>
          </span>
        </div>
      </div>
    </li>
  );
}
