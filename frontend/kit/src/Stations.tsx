import { formatDuration } from "./format.ts";
import { seriesOf } from "./provider.ts";
import type { RouteData, Station, StationState } from "./types.ts";

const KINDS: Record<Station["kind"], string> = {
  you: "You",
  key: "Key",
  policy: "Policy",
  router: "Router",
  provider: "Provider",
};

const SAID: Record<StationState, string | null> = {
  ok: null,
  failed: "failed",
  cached: "from the cache",
  embedded: "on this machine",
  skipped: "not used",
};

/** The sign of a station, 12 px: a dot, a cross for a failure, a ring for the rest. The word beside it says the same. */
function Sign({ state }: { state: StationState }): React.JSX.Element {
  const common = {
    width: 12,
    height: 12,
    viewBox: "0 0 12 12",
    "aria-hidden": true,
    className: "relative block",
  } as const;
  switch (state) {
    case "failed":
      return (
        <svg {...common} stroke="var(--danger)" strokeWidth="2">
          <path d="M2 2 10 10 M10 2 2 10" />
        </svg>
      );
    case "skipped":
      return (
        <svg {...common} fill="var(--canvas)" stroke="var(--line-strong)" strokeWidth="1.5">
          <circle cx="6" cy="6" r="3.5" />
        </svg>
      );
    case "cached":
    case "embedded":
      return (
        <svg {...common} fill="var(--canvas)" stroke="var(--series, var(--ink-2))" strokeWidth="2">
          <circle cx="6" cy="6" r="4" />
        </svg>
      );
    case "ok":
      return (
        <svg {...common} fill="var(--series, var(--ink-2))">
          <circle cx="6" cy="6" r="5" />
        </svg>
      );
  }
}

function Row({ station, last }: { station: Station; last: boolean }): React.JSX.Element {
  const said = SAID[station.state];
  const series = station.kind === "provider" ? seriesOf(station.name.split("/")[0]) : undefined;
  return (
    <li className="relative flex gap-3 pb-3 last:pb-0" data-series={series} data-station={station.kind}>
      {!last && (
        <span
          aria-hidden="true"
          className="tl-line absolute top-3 bottom-[-3px] left-[5px] block"
          data-orientation="vertical"
          data-state={station.state === "failed" || station.state === "skipped" ? station.state : "ok"}
        />
      )}
      <span className="mt-[3px] flex-none">
        <Sign state={station.state} />
      </span>
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 text-ui">
        <span className="w-16 flex-none text-ink-3">{KINDS[station.kind]}</span>
        <span className="min-w-0 font-medium break-words text-ink">{station.name}</span>
        {said !== null && <span className={station.state === "failed" ? "text-danger" : "text-ink-3"}>{said}</span>}
        {station.wait_ms !== null && station.wait_ms !== undefined && (
          <span className="text-ink-3">after {formatDuration(station.wait_ms)}</span>
        )}
        {station.detail !== null && station.detail !== undefined && station.detail !== "" && (
          <span className="basis-full pl-[4.5rem] break-words text-ink-2">{station.detail}</span>
        )}
      </span>
    </li>
  );
}

interface StationsProps {
  route: RouteData;
  className?: string;
}

/** The line, opened: every station of a call from the person to the provider that answered, and why it was that one. */
export function Stations({ route, className }: StationsProps): React.JSX.Element {
  return (
    <div className={className}>
      <p className="mb-3 text-ui text-ink-2">{route.why}</p>
      {route.replaced !== null && route.replaced !== undefined && route.replaced !== "" && (
        <p className="mb-3 text-ui text-ink-2">{route.replaced}</p>
      )}
      <ol aria-label="Way of this call" data-series="other" className="m-0 list-none p-0">
        {route.stations.map((station, index) => (
          <Row key={`${index} ${station.kind}`} station={station} last={index === route.stations.length - 1} />
        ))}
      </ol>
    </div>
  );
}
