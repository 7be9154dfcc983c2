import type { ConversationDetail, Message } from "./types";

/** Whether two copies of a message show the same. Everything else about a message never changes. */
function isSame(a: Message, b: Message): boolean {
  return (
    a.status === b.status &&
    a.content === b.content &&
    a.reasoning === b.reasoning &&
    a.receipt?.settled === b.receipt?.settled &&
    a.receipt?.cost_nano === b.receipt?.cost_nano &&
    a.receipt?.usage.output === b.receipt?.usage.output &&
    a.error?.code === b.error?.code &&
    a.route?.why === b.route?.why &&
    a.losses.length === b.losses.length &&
    a.attachments.length === b.attachments.length
  );
}

/**
 * A fresh copy of a conversation with the message objects of the old one wherever they say the same, so that nothing
 * of a long thread is drawn again. Comparing all of 1,000 messages in depth would take longer than a frame.
 */
export function keepMessages(old: ConversationDetail | undefined, fresh: ConversationDetail): ConversationDetail {
  if (old === undefined) return fresh;
  const known = new Map(old.messages.map((message) => [message.id, message]));
  const messages = fresh.messages.map((message) => {
    const before = known.get(message.id);
    return before && isSame(before, message) ? before : message;
  });
  const isUnchanged =
    messages.length === old.messages.length && messages.every((each, at) => each === old.messages[at]);
  return { ...fresh, messages: isUnchanged ? old.messages : messages };
}
