import { useState } from "react";
import type { AppSettings } from "@/api/types";
import { Button } from "@trunkline/kit/Button";
import { TextArea, TextField } from "@trunkline/kit/TextField";
import { Switch } from "./Choice";

type Prompt = AppSettings["prompts"][number];

interface PromptFormProps {
  prompt: Prompt;
  onSave: (prompt: Prompt) => void;
  onCancel: () => void;
}

/** Title and text of a prompt. Nothing is saved until Save. */
export function PromptForm({ prompt, onSave, onCancel }: PromptFormProps): React.JSX.Element {
  const [draft, setDraft] = useState(prompt);
  const [tried, setTried] = useState(false);
  const missing = draft.title.trim() === "" ? "title" : draft.text.trim() === "" ? "text" : null;
  return (
    <form
      className="flex flex-col gap-3 border-l-2 border-accent py-1 pl-3"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (missing === null) onSave({ ...draft, title: draft.title.trim(), text: draft.text.trim() });
      }}
    >
      <TextField
        label="Title"
        value={draft.title}
        maxLength={120}
        error={tried && missing === "title" ? "Give it a title, to find it by." : null}
        onChange={(event) => setDraft({ ...draft, title: event.target.value })}
      />
      <TextArea
        label="Text"
        value={draft.text}
        error={tried && missing === "text" ? "Write what is to be put into the message." : null}
        onChange={(event) => setDraft({ ...draft, text: event.target.value })}
      />
      <Switch
        label="Show on the empty page (the first three pinned ones)"
        checked={draft.pinned}
        onChange={(pinned) => setDraft({ ...draft, pinned })}
      />
      <div className="flex gap-2">
        <Button type="submit" look="primary">
          Save
        </Button>
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
