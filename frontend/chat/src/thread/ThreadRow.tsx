import { memo } from "react";
import { AnswerMessage } from "./AnswerMessage";
import { OutgoingMessage } from "./OutgoingMessage";
import { QuestionMessage } from "./QuestionMessage";
import type { Row } from "./rows";
import { SwitchMark } from "./SwitchMark";

/** Two rows are the same when what they show is: rows are made anew for every change of the conversation. */
function sameRow({ row: a }: { row: Row }, { row: b }: { row: Row }): boolean {
  if (a.key !== b.key) return false;
  if (a.kind === "message" && b.kind === "message") {
    return a.message === b.message && a.versions.join() === b.versions.join();
  }
  if (a.kind === "switch" && b.kind === "switch") return a.answer === b.answer && a.from === b.from;
  return a.kind === "outgoing" && b.kind === "outgoing" && a.item === b.item;
}

/** One row of the thread. */
export const ThreadRow = memo(function ThreadRow({ row }: { row: Row }): React.JSX.Element {
  switch (row.kind) {
    case "message":
      return row.message.role === "user" ? (
        <QuestionMessage message={row.message} versions={row.versions} />
      ) : (
        <AnswerMessage message={row.message} versions={row.versions} />
      );
    case "switch":
      return <SwitchMark answer={row.answer} from={row.from} losses={row.losses} />;
    case "outgoing":
      return <OutgoingMessage item={row.item} />;
  }
}, sameRow);
