import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { conversationQuery } from "@/api/conversations";
import type { Conversation } from "@/api/types";

/** Where a conversation was continued from: the way back to the answers that were left there. */
export function OriginMark({ origin }: { origin: NonNullable<Conversation["continued_from"]> }): React.JSX.Element {
  const { data: from } = useQuery(conversationQuery(origin.conversation_id));
  const title = from?.title ?? "";
  const words = title === "" ? "another conversation" : `“${title}”`;
  const { conversation_id: id, message_id: m } = origin;
  return (
    <p data-mark="origin" className="pt-4 text-ui text-ink-3">
      Continued from{" "}
      {from?.kind === "compare" ? (
        <Link to="/compare/$id" params={{ id }}>
          {words}
        </Link>
      ) : (
        <Link to="/c/$id" params={{ id }} search={{ m }}>
          {words}
        </Link>
      )}
    </p>
  );
}
