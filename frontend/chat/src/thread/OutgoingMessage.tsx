import { use } from "react";
import { Button } from "@trunkline/kit/Button";
import { AnswerError } from "@/errors/AnswerError";
import { sendAgain, type Outgoing } from "@/runs/outbox";
import { ConversationActionsContext } from "./actions";
import { AttachmentList } from "./AttachmentList";

const WORDS: Record<Outgoing["state"], string | null> = {
  waiting: "Waits for the answer above",
  sending: null,
  offline: "Waits here until the server answers",
  failed: "Not sent",
};

/** A message that the server does not have yet. Nothing of it is lost, whatever happens. */
export function OutgoingMessage({ item }: { item: Outgoing }): React.JSX.Element {
  const { unsend } = use(ConversationActionsContext);
  const state = WORDS[item.state];
  return (
    <article
      data-outgoing={item.state}
      data-role="user"
      tabIndex={-1}
      aria-label="Your message, not sent yet"
      className="pt-6"
    >
      <div className="flex min-h-6 items-center gap-2 text-ui text-ink-3">
        <h2 className="flex-1 font-normal">
          <span className="font-medium text-ink-2">You</span>
          {state !== null && ` · ${state}`}
        </h2>
        {item.state !== "sending" && (
          <Button dense look="quiet" onClick={() => unsend(item.id)}>
            Take back
          </Button>
        )}
      </div>
      <AttachmentList attachments={item.attachments} />
      <div dir="auto" className="max-w-answer text-answer break-words whitespace-pre-wrap text-ink">
        {item.content}
      </div>
      {item.error !== null && (
        <div className="mt-3">
          <AnswerError
            error={item.error}
            provider={null}
            fresh
            onRetry={(model) => sendAgain(item.id, model)}
            onEdit={() => unsend(item.id)}
          />
        </div>
      )}
    </article>
  );
}
