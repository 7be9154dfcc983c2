import type { RouteData, Station } from "@trunkline/kit/types";
import type { Shapes } from "@/api/client";
import { keyName } from "@/chart/series";
import { visible } from "@/text/visible";
import { kindWord } from "./kinds";

type Detail = Shapes["RequestDetail"];

function provider({ provider: name, model, kind, http_status, error, duration_ms }: Shapes["Attempt"]): Station {
  const said = kind === null ? null : [http_status === 0 ? "no answer" : `${http_status}`, kindWord(kind)].join(" ");
  return {
    kind: "provider",
    name: visible(`${name}/${model}`),
    state: kind === null ? "ok" : "failed",
    detail: [said, error === "" ? null : visible(error)].filter((part) => part !== null).join(": "),
    wait_ms: duration_ms,
  };
}

/** One sentence: what became of the request. */
function why({ model_group, line, status, kind, http_status }: Detail): string {
  const asked = `Asked for ${visible(model_group)}`;
  const last = line.at(-1);
  if (last === undefined) return `${asked}; refused by this gateway with ${http_status}, nothing was sent.`;
  const tries =
    line.length === 1
      ? "at the first attempt"
      : `after ${line.length - 1} failed ${line.length === 2 ? "attempt" : "attempts"}`;
  if (status === "success") return `${asked}; answered by ${visible(last.provider)} ${tries}.`;
  const times = line.length === 1 ? "one attempt" : `${line.length} attempts`;
  return `${asked}; not answered: ${kind === null ? "failed" : kindWord(kind)} after ${times}.`;
}

/** The line of a request: from the caller to every provider that was tried. */
export function routeOf(detail: Detail): RouteData {
  const refused = detail.line.length === 0;
  return {
    why: why(detail),
    stations: [
      { kind: "you", name: visible(detail.requester_ip_address) || "unknown address", state: "ok" },
      { kind: "key", name: keyName(detail.api_key), state: "ok" },
      {
        kind: "router",
        name: visible(detail.model_group),
        state: refused ? "failed" : "ok",
        detail: refused ? visible(detail.error) : null,
      },
      ...detail.line.map(provider),
    ],
  };
}
