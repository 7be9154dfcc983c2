import type { Conversation } from "@/api/types";
import { dayKey, formatDay } from "@trunkline/kit/time";

export interface RailGroup {
  name: string;
  conversations: Conversation[];
}

const DAY_MS = 86_400_000;
/** Days that get a heading of their own; older ones are put together by month. */
const SINGLE_DAYS = 7;

const month = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" });

/** Pinned ones first, then by the local day of the last change. The order within is that of the list. */
export function railGroups(conversations: readonly Conversation[], now: Date): RailGroup[] {
  const groups = new Map<string, Conversation[]>();
  const pinned = conversations.filter((conversation) => conversation.pinned);
  if (pinned.length > 0) groups.set("Pinned", pinned);
  for (const conversation of conversations) {
    if (conversation.pinned) continue;
    const name = groupName(new Date(conversation.updated_at), now);
    const group = groups.get(name);
    if (group) group.push(conversation);
    else groups.set(name, [conversation]);
  }
  return [...groups].map(([name, members]) => ({ name, conversations: members }));
}

function groupName(at: Date, now: Date): string {
  const day = dayKey(at);
  if (day >= dayKey(now)) return "Today";
  if (day === dayKey(new Date(now.getTime() - DAY_MS))) return "Yesterday";
  if (now.getTime() - at.getTime() < SINGLE_DAYS * DAY_MS) return formatDay(at);
  return month.format(at);
}
