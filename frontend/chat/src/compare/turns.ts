import type { ConversationDetail, Message, Vote } from "@/api/types";
import { MessageTree } from "@/thread/tree";

/** One question and what each column answered to it. */
export interface Turn {
  question: Message;
  /** By column from 0; null where the column was not asked. */
  answers: (Message | null)[];
  /** The newest vote on this question. */
  vote: Vote | null;
}

/** A column's answer to a question: the one on the shown path, else the latest. */
function answerOf(children: readonly Message[], column: number, way: ReadonlySet<string>): Message | null {
  const mine = children.filter((message) => message.role === "assistant" && message.column === column);
  return mine.find((message) => way.has(message.id)) ?? mine.at(-1) ?? null;
}

/** The questions of a comparison from the first to the last, with the answers of every column. */
export function turnsOf(detail: ConversationDetail): Turn[] {
  const way = new MessageTree(detail.messages).pathTo(detail.leaf_id);
  const onWay = new Set(way.map((message) => message.id));
  const inOrder = detail.messages.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return way
    .filter((message) => message.role === "user")
    .map((question) => {
      const children = inOrder.filter((message) => message.parent_id === question.id);
      return {
        question,
        answers: detail.columns.map((_, column) => answerOf(children, column, onWay)),
        vote: detail.votes.findLast((vote) => vote.message_id === question.id) ?? null,
      };
    });
}
