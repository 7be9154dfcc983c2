import {
  infiniteQueryOptions,
  queryOptions,
  type InfiniteData,
  type QueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { api, call } from "./client";
import { keepMessages } from "./sameMessages";
import type { Conversation, ConversationDetail, ConversationPage, ConversationUpdate } from "./types";

/** Rows of the rail that are fetched at once. */
const PAGE = 60;

export const conversationKeys = {
  all: ["conversations"],
  list: ["conversations", "list"],
  detail: (id: string): QueryKey => ["conversations", "detail", id],
} as const;

/** The rail's list, last changed first. */
export const conversationListQuery = infiniteQueryOptions({
  queryKey: conversationKeys.list,
  queryFn: ({ pageParam, signal }) =>
    call(api.GET("/api/conversations", { params: { query: { cursor: pageParam, limit: PAGE } }, signal })),
  initialPageParam: null as string | null,
  getNextPageParam: (page: ConversationPage) => page.next_cursor,
  staleTime: 15_000,
});

/** One conversation with the whole tree of its messages. */
export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: conversationKeys.detail(id),
    queryFn: ({ signal }) =>
      call(api.GET("/api/conversations/{conversation_id}", { params: { path: { conversation_id: id } }, signal })),
    staleTime: 30_000,
    // Both are copies of what the query function gives.
    structuralSharing: (old, fresh) => keepMessages(old as ConversationDetail | undefined, fresh as ConversationDetail),
  });

export async function updateConversation(id: string, changes: ConversationUpdate): Promise<Conversation> {
  return await call(
    api.PATCH("/api/conversations/{conversation_id}", { params: { path: { conversation_id: id } }, body: changes }),
  );
}

export async function deleteConversation(id: string): Promise<void> {
  await call(api.DELETE("/api/conversations/{conversation_id}", { params: { path: { conversation_id: id } } }));
}

export async function restoreConversation(id: string): Promise<Conversation> {
  return await call(
    api.POST("/api/conversations/{conversation_id}/restore", { params: { path: { conversation_id: id } } }),
  );
}

export async function branchConversation(id: string, messageId: string, mineOnly: boolean): Promise<Conversation> {
  const body = { message_id: messageId, mine_only: mineOnly };
  return await call(
    api.POST("/api/conversations/{conversation_id}/branch", { params: { path: { conversation_id: id } }, body }),
  );
}

/** Changes a conversation in every cached copy; `change` returns null to take it out of the list. */
export function patchCachedConversation(
  client: QueryClient,
  id: string,
  change: (old: Conversation) => Conversation | null,
): void {
  client.setQueryData<ConversationDetail>(conversationKeys.detail(id), (old) => {
    const changed = old && change(old);
    return old && changed ? { ...old, ...changed } : old;
  });
  client.setQueryData<InfiniteData<ConversationPage, string | null>>(
    conversationKeys.list,
    (old) =>
      old && {
        ...old,
        pages: old.pages.map((page) => ({
          ...page,
          items: page.items.flatMap((item) => (item.id === id ? (change(item) ?? []) : item)),
        })),
      },
  );
}
