import { Plus } from "lucide-react";
import { useState } from "react";
import type { AppSettings } from "@/api/types";
import { makeUlid } from "@/api/ulid";
import { Button } from "@trunkline/kit/Button";
import { EmptyState } from "@trunkline/kit/EmptyState";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { toast } from "@trunkline/kit/Toast";
import { PromptForm } from "./PromptForm";
import { SettingsFrame } from "./SettingsFrame";
import { useSettings } from "./useSettings";

type Prompt = AppSettings["prompts"][number];

interface PromptRowProps {
  prompt: Prompt;
  onEdit: () => void;
  onDelete: () => void;
}

function PromptRow({ prompt, onEdit, onDelete }: PromptRowProps): React.JSX.Element {
  return (
    <div className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <p className="m-0 text-control font-medium text-ink">
          {prompt.title}
          {prompt.pinned && <span className="ml-2 text-ui font-normal text-ink-3">pinned</span>}
        </p>
        <p className="m-0 line-clamp-2 text-control whitespace-pre-wrap text-ink-2">{prompt.text}</p>
      </div>
      <Button dense look="quiet" aria-label={`Edit ${prompt.title}`} onClick={onEdit}>
        Edit
      </Button>
      <Button dense look="quiet" aria-label={`Delete ${prompt.title}`} onClick={onDelete}>
        Delete
      </Button>
    </div>
  );
}

/** `/settings/prompts`: texts to begin a message with. */
export function SettingsPromptsPage(): React.JSX.Element {
  const [settings, change] = useSettings();
  const [editing, setEditing] = useState<Prompt | null>(null);
  const prompts = settings?.prompts ?? [];
  const save = (prompt: Prompt): void => {
    const known = prompts.some((one) => one.id === prompt.id);
    change({ prompts: known ? prompts.map((one) => (one.id === prompt.id ? prompt : one)) : [...prompts, prompt] });
    setEditing(null);
  };
  const remove = (prompt: Prompt): void => {
    change({ prompts: prompts.filter((one) => one.id !== prompt.id) });
    toast(`Deleted “${prompt.title}”`, { undo: () => change({ prompts }) });
  };
  const isNew = editing !== null && !prompts.some((one) => one.id === editing.id);
  return (
    <SettingsFrame title="Prompts">
      <div>
        <p className="mt-0 mb-4 text-control text-ink-2">
          Texts that you begin with often. The first three pinned ones stand on the empty page.
        </p>
        {settings === undefined && <Skeleton lines={4} />}
        {settings !== undefined && prompts.length === 0 && !isNew && <EmptyState title="No prompts yet" />}
        <ul className="m-0 list-none p-0">
          {prompts.map((prompt) => (
            <li key={prompt.id} className="border-b border-line py-2">
              {editing?.id === prompt.id ? (
                <PromptForm prompt={prompt} onSave={save} onCancel={() => setEditing(null)} />
              ) : (
                <PromptRow prompt={prompt} onEdit={() => setEditing(prompt)} onDelete={() => remove(prompt)} />
              )}
            </li>
          ))}
        </ul>
        <div className="pt-4">
          {isNew && <PromptForm prompt={editing} onSave={save} onCancel={() => setEditing(null)} />}
          {!isNew && settings !== undefined && (
            <Button onClick={() => setEditing({ id: makeUlid(), title: "", text: "", pinned: true })}>
              <Plus aria-hidden="true" size={16} strokeWidth={1.5} /> New prompt
            </Button>
          )}
        </div>
      </div>
    </SettingsFrame>
  );
}
