import { useQuery } from "@tanstack/react-query";
import type { RefObject } from "react";
import { formatPrice } from "@trunkline/kit/format";
import { settingsQuery } from "@/api/settings";
import type { ModelCard } from "@/api/types";
import type { FieldHandle } from "@/composer/ComposerField";
import { useModel, type TurnSettings } from "./conversationSettings";

const PROMPTS = 3;

function runsOn(model: ModelCard): string {
  if (model.embedded) return "Local demonstration model. Add a key to reach the rest.";
  if (model.price === null) return `Ask anything. Runs on ${model.name}.`;
  const { input_per_mtok, output_per_mtok } = model.price;
  return `Ask anything. Runs on ${model.name} at $${formatPrice(input_per_mtok)} / $${formatPrice(output_per_mtok)} per million tokens.`;
}

/** Before the first message: what one is talking to, and the person's own pinned prompts. */
export function EmptyConversation({
  settings,
  field,
}: {
  settings: TurnSettings;
  field: RefObject<FieldHandle | null>;
}) {
  const model = useModel(settings.model);
  const { data: preferences } = useQuery(settingsQuery);
  const prompts = preferences?.prompts.filter((prompt) => prompt.pinned).slice(0, PROMPTS) ?? [];
  const fill = (text: string): void => {
    field.current?.setText(text);
    field.current?.focus();
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col justify-end overflow-y-auto">
      <div className="mx-auto w-full max-w-[calc(72ch+4rem)] px-6 pb-6 sm:px-9">
        {model !== undefined && <p className="text-answer text-ink-2">{runsOn(model)}</p>}
        {prompts.length > 0 && (
          <ul aria-label="Your prompts" className="m-0 mt-3 list-none border-t border-line p-0">
            {prompts.map((prompt) => (
              <li key={prompt.id} className="border-b border-line">
                <button
                  type="button"
                  className="flex w-full items-baseline gap-3 py-2 text-left text-control hover:text-accent"
                  onClick={() => fill(prompt.text)}
                >
                  <span className="flex-none font-medium">{prompt.title}</span>
                  <span className="truncate text-ink-3">{prompt.text}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
