import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createContext, useEffect, useMemo, useRef, type RefObject } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";
import { toast } from "@trunkline/kit/Toast";
import { branchConversation, conversationKeys, patchCachedConversation, updateConversation } from "@/api/conversations";
import { toErrorBody } from "@/api/errors";
import type { Attachment, ConversationDetail, Message } from "@/api/types";
import { makeUlid } from "@/api/ulid";
import { openOverlay } from "@/app/shellStore";
import { reattach } from "@/composer/attach";
import type { FieldHandle } from "@/composer/ComposerField";
import { continueAnswer, retryAnswer } from "@/runs/answerAgain";
import { send, takeBack } from "@/runs/outbox";
import type { TurnSettings } from "./conversationSettings";
import type { MessageTree } from "./tree";

interface Purpose {
  then: ((modelId: string) => void) | null;
  title: string | null;
}

/** What can be done in a thread. The object stays the same, so that no message is drawn again because of it. */
export interface ThreadActions {
  /** What the model picker is open for, when not for the next turn. */
  pickFor: StoreApi<Purpose>;
  /** The message that is being edited. */
  editing: StoreApi<{ id: string | null }>;
  /** Told after each sending: the thread then shows the question. */
  sentListeners: Set<() => void>;
  onSent: () => void;
  retry: (answer: Message, modelId?: string) => void;
  retryElsewhere: (answer: Message) => void;
  goOn: (answer: Message) => void;
  edit: (question: Message) => void;
  editLast: () => void;
  sendEdited: (question: Message, content: string, attachments: Attachment[]) => void;
  showVersion: (message: Message, step: number) => void;
  branch: (message: Message, mineOnly: boolean) => void;
  unsend: (outgoingId: string) => void;
}

function none(): never {
  throw new Error("ConversationActionsContext has no provider");
}

export const ConversationActionsContext = createContext<ThreadActions>({
  pickFor: createStore<Purpose>(() => ({ then: null, title: null })),
  editing: createStore<{ id: string | null }>(() => ({ id: null })),
  sentListeners: new Set(),
  onSent: none,
  retry: none,
  retryElsewhere: none,
  goOn: none,
  edit: none,
  editLast: none,
  sendEdited: none,
  showVersion: none,
  branch: none,
  unsend: none,
});

const say = (error: unknown): void => {
  const { message, fix } = toErrorBody(error);
  toast([message, fix].filter(Boolean).join(" "));
};

/** The actions of one conversation. They read the newest tree and settings when they are called. */
export function useThreadActions(
  id: string,
  tree: MessageTree,
  conversation: ConversationDetail | undefined,
  settings: TurnSettings,
  field: RefObject<FieldHandle | null>,
): ThreadActions {
  const client = useQueryClient();
  const navigate = useNavigate();
  const now = useRef({ tree, conversation, settings });
  useEffect(() => {
    now.current = { tree, conversation, settings };
  });
  return useMemo((): ThreadActions => {
    const pickFor = createStore<Purpose>(() => ({ then: null, title: null }));
    const editing = createStore<{ id: string | null }>(() => ({ id: null }));
    const sentListeners = new Set<() => void>();
    const onSent = (): void => sentListeners.forEach((listener) => listener());
    const modelOf = (answer: Message): string => answer.model ?? now.current.settings.model ?? "";
    const retry = (answer: Message, modelId?: string): void => {
      retryAnswer(answer, modelId ?? modelOf(answer)).then(onSent, say);
    };
    const showLeaf = (leafId: string): void => {
      // A fetch that began before knows the former leaf only and would bring it back.
      const queryKey = conversationKeys.detail(id);
      void client.cancelQueries({ queryKey });
      patchCachedConversation(client, id, (old) => ({ ...old, leaf_id: leafId }));
      updateConversation(id, { leaf_id: leafId })
        .then(() => client.invalidateQueries({ queryKey }))
        .catch(say);
    };
    return {
      pickFor,
      editing,
      sentListeners,
      onSent,
      retry,
      retryElsewhere: (answer) => {
        pickFor.setState({ then: (modelId) => retry(answer, modelId), title: "Answer again with" });
        openOverlay("picker");
      },
      goOn: (answer) => void continueAnswer(answer, modelOf(answer)).then(onSent, say),
      edit: (question) => editing.setState({ id: question.id }),
      editLast: () => {
        const path = now.current.tree.pathTo(now.current.conversation?.leaf_id ?? null);
        const last = path.findLast((message) => message.role === "user");
        if (last) editing.setState({ id: last.id });
      },
      sendEdited: (question, content, attachments) => {
        editing.setState({ id: null });
        const { model, system, params } = now.current.settings;
        if (model === null) return;
        const parent = { at: "message", id: question.parent_id } as const;
        send({ id: makeUlid(), conversationId: id, isNew: false, parent, content, attachments, model, system, params });
        onSent();
      },
      showVersion: (message, step) => {
        const versions = now.current.tree.versions(message);
        const wanted = versions[versions.findIndex((version) => version.id === message.id) + step];
        if (wanted) showLeaf((now.current.tree.newestUnder(wanted.id) ?? wanted).id);
      },
      branch: (message, mineOnly) => {
        const go = async (): Promise<void> => {
          const made = await branchConversation(id, message.id, mineOnly);
          void client.invalidateQueries({ queryKey: conversationKeys.list });
          await navigate({ to: "/c/$id", params: { id: made.id }, search: {} });
        };
        go().catch(say);
      },
      unsend: (outgoingId) => {
        const item = takeBack(outgoingId);
        if (!item) return;
        field.current?.setText(item.content);
        reattach(id, item.attachments);
        field.current?.focus();
      },
    };
  }, [client, field, id, navigate]);
}
