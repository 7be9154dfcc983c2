import { factsOf } from "./facts";
import { letterOf } from "./letters";
import { isRunning } from "@/runs/answerState";
import type { Turn } from "./turns";
import { useStandings } from "./useStandings";

interface SummaryProps {
  turn: Turn;
  order: readonly number[];
}

/** What was measured of the answers to one question, in one sentence. Says nothing of quality. */
export function Summary({ turn, order }: SummaryProps): React.JSX.Element | null {
  const standings = useStandings(turn.answers);
  const measured = order.map((column, place) => ({
    letter: letterOf(place),
    // What failed was quick and cheap, but that is no fact about an answer.
    receipt: standings[column]?.status === "error" ? null : (standings[column]?.receipt ?? null),
  }));
  const running = standings.some((standing) => standing !== null && isRunning(standing.status));
  const facts = factsOf(measured, running);
  return facts === null ? null : <p className="m-0 text-control text-ink-2">{facts}</p>;
}
