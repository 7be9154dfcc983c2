import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Button } from "@trunkline/kit/Button";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { conversationListQuery } from "@/api/conversations";
import { RailItem } from "./RailItem";
import { railGroups } from "./railGroups";

/** Every conversation, last changed first. */
export function RailList(): React.JSX.Element {
  const list = useInfiniteQuery(conversationListQuery);
  const groups = useMemo(
    () => railGroups(list.data?.pages.flatMap((page) => page.items) ?? [], new Date()),
    [list.data],
  );
  return (
    <nav aria-label="Conversations" className="min-h-0 flex-1 scroll-quiet overflow-y-auto px-2 pb-3">
      {list.isPending && <Skeleton lines={6} label="Loading conversations" className="px-2 pt-4" />}
      {list.isError && !list.data && <p className="px-2 pt-2 text-ui text-ink-3">The list cannot be had right now.</p>}
      {list.isSuccess && groups.length === 0 && <p className="px-2 pt-2 text-ui text-ink-3">No conversations yet.</p>}
      {groups.map((group) => (
        <section key={group.name} className="pt-3">
          <h2 className="px-2 pb-1 text-meta font-medium text-ink-3">{group.name}</h2>
          <ul className="m-0 list-none p-0">
            {group.conversations.map((conversation) => (
              <RailItem key={conversation.id} conversation={conversation} />
            ))}
          </ul>
        </section>
      ))}
      {list.hasNextPage && (
        <Button
          dense
          look="quiet"
          className="mt-2"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Older conversations
        </Button>
      )}
    </nav>
  );
}
