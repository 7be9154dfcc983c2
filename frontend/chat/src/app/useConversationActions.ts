import { useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { toast } from "@trunkline/kit/Toast";
import {
  conversationKeys,
  deleteConversation,
  patchCachedConversation,
  restoreConversation,
  updateConversation,
} from "@/api/conversations";
import { toErrorBody } from "@/api/errors";
import type { Conversation, ConversationUpdate } from "@/api/types";

interface ConversationActions {
  rename: (title: string) => void;
  togglePin: () => void;
  /** With eight seconds to undo it. */
  remove: () => void;
}

/** What can be done to a conversation: shown at once, taken back when the server refuses. */
export function useConversationActions(conversation: Conversation): ConversationActions {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { id } = conversation;
  const refetch = (): void => void client.invalidateQueries({ queryKey: conversationKeys.list });
  const refused = (error: unknown): void => {
    toast(toErrorBody(error).message);
    void client.invalidateQueries({ queryKey: conversationKeys.all });
  };
  const change = (changes: ConversationUpdate & Partial<Pick<Conversation, "title" | "pinned">>): void => {
    patchCachedConversation(client, id, (old) => ({
      ...old,
      title: changes.title ?? old.title,
      pinned: changes.pinned ?? old.pinned,
    }));
    updateConversation(id, changes).then(refetch, refused);
  };
  const remove = (): void => {
    patchCachedConversation(client, id, () => null);
    if (pathname.endsWith(id)) void navigate({ to: "/" });
    const undo = (): void => void restoreConversation(id).then(refetch, refused);
    deleteConversation(id).then(() => toast(`Deleted “${conversation.title}”`, { undo }), refused);
  };
  return {
    rename: (title) => change({ title }),
    togglePin: () => change({ pinned: !conversation.pinned }),
    remove,
  };
}
