import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { conversationQuery } from "@/api/conversations";
import { ApiError } from "@/api/errors";
import { NotFound } from "@/app/NotFound";
import { useOverlay } from "@/app/shellStore";
import { Composer } from "@/composer/Composer";
import type { FieldHandle } from "@/composer/ComposerField";
import { submit } from "@/composer/submit";
import { PageError } from "@/errors/PageError";
import { outbox } from "@/runs/outbox";
import { ConversationActionsContext, useThreadActions } from "./actions";
import { ConversationHead } from "./ConversationHead";
import { changeTurnSettings, NO_PARAMS, useTurnSettings } from "./conversationSettings";
import { EmptyConversation } from "./EmptyConversation";
import { PickerHost } from "./PickerHost";
import { rowsOf } from "./rows";
import { Thread } from "./Thread";
import { MessageTree } from "./tree";
import { useAnnouncements } from "./useAnnouncements";
import { useResume } from "./useResume";

const TurnSettingsDialog = lazy(() => import("@/composer/TurnSettingsDialog"));
const DESCRIBE =
  "Describe the images of this conversation as text, completely enough that a reader who cannot see them can go on.";

/** A conversation: its head, its thread and the field. */
export function Conversation({ id, isNew }: { id: string; isNew: boolean }): React.JSX.Element {
  const query = useQuery({ ...conversationQuery(id), enabled: !isNew });
  const conversation = query.data;
  const outgoing = useStore(outbox, (items) => items);
  const settings = useTurnSettings(id);
  const navigate = useNavigate();
  const field = useRef<FieldHandle>(null);
  const [settingsOpen] = useOverlay("settings");

  const tree = useMemo(() => new MessageTree(conversation?.messages ?? []), [conversation?.messages]);
  const mine = useMemo(() => outgoing.filter((item) => item.conversationId === id), [outgoing, id]);
  const rows = useMemo(() => rowsOf(tree, conversation?.leaf_id ?? null, mine), [tree, conversation?.leaf_id, mine]);
  const lastModel = useMemo(
    () => tree.pathTo(conversation?.leaf_id ?? null).findLast((m) => m.role === "assistant")?.model ?? null,
    [tree, conversation?.leaf_id],
  );
  const actions = useThreadActions(id, tree, conversation, settings, field);
  useResume(conversation);
  useAnnouncements(id);

  const sent = useCallback(() => {
    actions.onSent();
    if (isNew) void navigate({ to: "/c/$id", params: { id }, search: {} });
  }, [actions, id, isNew, navigate]);
  const pick = useCallback((model: string) => changeTurnSettings(id, { model }), [id]);
  const describe = useCallback(() => {
    if (lastModel === null) return;
    void submit({ conversationId: id, content: DESCRIBE, model: lastModel, system: null, params: NO_PARAMS }).then(() =>
      actions.onSent(),
    );
  }, [actions, id, lastModel]);

  if (query.error instanceof ApiError && query.error.status === 404 && !conversation) return <NotFound />;
  const isEmpty = rows.length === 0 && (isNew || conversation !== undefined);
  return (
    <ConversationActionsContext value={actions}>
      <ConversationHead id={id} conversation={conversation} settings={settings} tree={tree} />
      {query.isError && !conversation && (
        <div className="flex-1 px-6 py-6">
          <PageError error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {isEmpty ? (
        <EmptyConversation settings={settings} field={field} />
      ) : (
        <Thread id={id} rows={rows} isLoading={query.isLoading} origin={conversation?.continued_from ?? null} />
      )}
      <Composer
        ref={field}
        conversationId={id}
        settings={settings}
        lastModel={lastModel}
        isNew={isEmpty}
        onSent={sent}
        onEditLast={actions.editLast}
        onPick={pick}
        onDescribe={describe}
      />
      <PickerHost value={settings.model} onPick={pick} />
      <Suspense fallback={null}>
        {settingsOpen && <TurnSettingsDialog conversationId={id} settings={settings} />}
      </Suspense>
    </ConversationActionsContext>
  );
}
