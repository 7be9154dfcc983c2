import type { RouteData } from "@trunkline/kit/types";
import type { Route } from "@/api/types";

/** The route of an answer as the kit draws it. */
export function routeData(route: Route | null): RouteData | null {
  if (route === null) return null;
  const { replaced } = route;
  const why = route.why.replaceAll("`", "");
  if (replaced === null) return { stations: route.stations, why, replaced: null };
  const since = replaced.since === null ? "" : ` since ${replaced.since}`;
  const words = `${replaced.retired} is retired${since}; ${replaced.successor} answers in its place.`;
  return { stations: route.stations, why, replaced: words };
}
