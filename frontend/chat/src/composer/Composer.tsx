import { useQuery } from "@tanstack/react-query";
import { ArrowUp, Paperclip, SlidersHorizontal, Square } from "lucide-react";
import { useImperativeHandle, useRef } from "react";
import { Button } from "@trunkline/kit/Button";
import { IconButton } from "@trunkline/kit/IconButton";
import { toast } from "@trunkline/kit/Toast";
import { settingsQuery } from "@/api/settings";
import { openOverlay } from "@/app/shellStore";
import { useConnection } from "@/app/useConnection";
import { preloadMarkdown } from "@/answer/AnswerText";
import { stopRun } from "@/api/runs";
import { useConversationRun } from "@/runs/useRun";
import { useModel, type TurnSettings } from "@/thread/conversationSettings";
import { attachFiles } from "./attach";
import { AttachmentTray } from "./AttachmentTray";
import { ComposerField, type FieldHandle } from "./ComposerField";
import { CostEstimate } from "./CostEstimate";
import { filesOf, useDraftFiles } from "./drafts";
import { LossNotice } from "./LossNotice";
import { ModelButton } from "./ModelButton";
import { checkLater, clearReport } from "./preflight";
import { submit } from "./submit";
import { useCheckOnChange } from "./useCheckOnChange";

interface ComposerProps {
  ref?: React.Ref<FieldHandle>;
  conversationId: string;
  settings: TurnSettings;
  lastModel: string | null;
  /** A conversation without messages: the field has the focus. */
  isNew: boolean;
  onSent: () => void;
  onEditLast: () => void;
  onPick: (modelId: string) => void;
  onDescribe: () => void;
}

const ICON = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;

/** Where one writes: the field, its files, what it will be sent with and roughly cost. */
export function Composer(props: ComposerProps): React.JSX.Element {
  const { conversationId, settings, lastModel, isNew, onSent, onEditLast, onPick, onDescribe } = props;
  const field = useRef<FieldHandle>(null);
  const { data: preferences } = useQuery(settingsQuery);
  const connection = useConnection();
  const model = useModel(settings.model);
  const isOffline = connection.state === "offline" || connection.state === "server";
  useImperativeHandle(props.ref, () => ({
    text: () => field.current?.text() ?? "",
    setText: (text) => field.current?.setText(text),
    focus: () => field.current?.focus(),
  }));

  const check = (): void => {
    const content = field.current?.text() ?? "";
    const attachmentIds = filesOf(conversationId).flatMap((file) => file.attachment?.id ?? []);
    if (settings.model === null || (content.trim() === "" && attachmentIds.length === 0)) clearReport(conversationId);
    else checkLater({ conversationId, model: settings.model, content, attachmentIds, system: settings.system });
  };
  useCheckOnChange(check, settings.model, useDraftFiles(conversationId));

  const send = async (): Promise<void> => {
    if (settings.model === null) {
      openOverlay("picker");
      return;
    }
    const content = field.current?.text() ?? "";
    const held = await submit({ conversationId, content, ...settings, model: settings.model });
    if (held === "uploading") toast("A file is still on its way. Send when it is there.");
    if (held !== null) return;
    field.current?.setText("");
    onSent();
  };

  return (
    <div
      className="mx-auto w-full max-w-[calc(72ch+4rem)] flex-none px-3 pb-3 sm:px-6 print:hidden"
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes("Files")) event.preventDefault();
      }}
      onDrop={(event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        attachFiles(conversationId, [...event.dataTransfer.files]);
      }}
    >
      <LossNotice
        conversationId={conversationId}
        modelId={settings.model}
        lastModel={lastModel}
        onPick={onPick}
        onSend={() => void send()}
        onDescribe={onDescribe}
      />
      <div className="rounded-control border border-line-strong bg-surface has-[textarea:focus]:border-focus has-[textarea:focus]:outline-1 has-[textarea:focus]:outline-focus">
        <AttachmentTray conversationId={conversationId} modelId={settings.model} />
        <ComposerField
          ref={field}
          conversationId={conversationId}
          placeholder={placeholderFor(isNew, model?.name)}
          enterSends={preferences?.send_key !== "mod_enter"}
          focusFirst={isNew}
          onSubmit={() => void send()}
          onInput={check}
          onEditLast={onEditLast}
          onFirstFocus={preloadMarkdown}
        />
        <div className="flex items-center gap-1 px-1.5 pt-1 pb-1.5">
          <FileButton conversationId={conversationId} />
          <IconButton label="System prompt and settings" onClick={() => openOverlay("settings")}>
            <SlidersHorizontal {...ICON} />
          </IconButton>
          <ModelButton modelId={settings.model} />
          <span className="flex-1" />
          <CostEstimate conversationId={conversationId} modelId={settings.model} />
          <StopButton conversationId={conversationId} />
          <Button look="primary" className="ml-1 px-2.5" onClick={() => void send()}>
            {isOffline ? "Queue" : "Send"}
            <ArrowUp {...ICON} />
          </Button>
        </div>
      </div>
    </div>
  );
}

const placeholderFor = (isNew: boolean, name: string | undefined): string =>
  name === undefined ? "Ask…" : isNew ? `Ask ${name}…` : `Go on with ${name}…`;

function FileButton({ conversationId }: { conversationId: string }): React.JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label="Attach files" onClick={() => input.current?.click()}>
        <Paperclip {...ICON} />
      </IconButton>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to attach"
        onChange={(event) => {
          attachFiles(conversationId, [...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </>
  );
}

function StopButton({ conversationId }: { conversationId: string }): React.JSX.Element | null {
  const run = useConversationRun(conversationId);
  if (run === undefined) return null;
  return (
    <Button className="px-2.5" onClick={() => void stopRun(run.id)}>
      <Square aria-hidden="true" size={12} fill="currentColor" />
      Stop
    </Button>
  );
}
