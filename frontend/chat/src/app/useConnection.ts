import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "@/api/health";
import { formatClock } from "@trunkline/kit/time";
import { useOnline } from "./useOnline";

/** Which of the services answers, from this page to the gateway. */
export type Connection =
  | { state: "connected" | "checking" }
  | { state: "offline" | "server" | "gateway" | "database"; short: string; words: string };

/** The first thing on the way to a model that does not answer. */
export function useConnection(): Connection {
  const online = useOnline();
  const { data: health, isError, errorUpdatedAt, dataUpdatedAt } = useQuery(healthQuery);
  if (!online) return { state: "offline", short: "offline", words: "Offline. What you send waits here." };
  if (isError) {
    const since = formatClock(new Date(dataUpdatedAt > 0 ? dataUpdatedAt : errorUpdatedAt));
    const words = `The application's server does not answer (since ${since}). Trying every 5 s.`;
    return { state: "server", short: "server down", words };
  }
  if (health === undefined) return { state: "checking" };
  const { gateway, database } = health.dependencies;
  if (!gateway.ok) {
    const words = `The gateway does not answer (since ${formatClock(gateway.since)}). Trying every 5 s.`;
    return { state: "gateway", short: "gateway down", words };
  }
  if (!database.ok) {
    const words = `The database does not answer (since ${formatClock(database.since)}). Trying every 5 s.`;
    return { state: "database", short: "database down", words };
  }
  return { state: "connected" };
}
