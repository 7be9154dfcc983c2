import type { Vote } from "@/api/types";
import { Button } from "@trunkline/kit/Button";
import { Kbd } from "@trunkline/kit/Kbd";

interface VoteBarProps {
  /** Letters by their place on the page, with the column that each stands for. */
  columns: readonly { letter: string; column: number }[];
  /** Columns that failed: there is nothing of theirs that could be best. */
  failed: ReadonlySet<number>;
  vote: Vote | null;
  /** Blind: say that the vote shows the names. */
  hidden: boolean;
  onVote: (choice: Vote["choice"]) => void;
}

interface Choice {
  label: string;
  choice: Vote["choice"];
  keys: string;
}

/** Which answer is best, none of them, or as good as the other. A vote can be changed. */
export function VoteBar({ columns, failed, vote, hidden, onVote }: VoteBarProps): React.JSX.Element {
  const choices: Choice[] = [
    ...columns.flatMap(({ letter, column }, place) =>
      failed.has(column) ? [] : [{ label: `${letter} is best`, choice: column, keys: `v ${place + 1}` }],
    ),
    { label: "Tie", choice: "tie", keys: "v 0" },
    { label: "All bad", choice: "bad", keys: "v x" },
  ];
  const lost = columns.filter(({ column }) => failed.has(column)).map(({ letter }) => letter);
  return (
    <div role="group" aria-label="Vote" className="flex flex-wrap items-center gap-1">
      {choices.map(({ label, choice, keys }) => (
        <Button
          key={label}
          dense
          look={vote?.choice === choice ? "primary" : "plain"}
          aria-pressed={vote?.choice === choice}
          onClick={() => onVote(choice)}
        >
          {label}
          {vote?.choice !== choice && <Kbd keys={keys} />}
        </Button>
      ))}
      {lost.length > 0 && <span className="ml-2 text-ui text-ink-3">{lost.join(" and ")} failed: no vote.</span>}
      {hidden && <span className="ml-2 text-ui text-ink-3">Names, prices and times show after the vote.</span>}
    </div>
  );
}
