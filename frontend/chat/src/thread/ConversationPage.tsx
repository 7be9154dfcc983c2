import { useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { forgetNewConversation, newConversationId } from "@/composer/drafts";
import { Conversation } from "./Conversation";
import { changeTurnSettings } from "./conversationSettings";

/** `/` and `/c/$id`. The id of a new conversation is made here, so that its first message needs nobody's answer. */
export function ConversationPage(): React.JSX.Element {
  const { id: given } = useParams({ strict: false });
  const [fresh, setFresh] = useState(newConversationId);
  const [isUsed, setUsed] = useState(false);
  if (given === fresh && !isUsed) setUsed(true);
  if (given === undefined && isUsed) {
    setUsed(false);
    setFresh(newConversationId());
  }
  useEffect(() => {
    if (given === fresh) forgetNewConversation();
  }, [given, fresh]);
  // A link such as /?model=gpt-mini begins a conversation with that model.
  const { model: named } = useSearch({ strict: false });
  useEffect(() => {
    if (given === undefined && named !== undefined) changeTurnSettings(fresh, { model: named });
  }, [given, named, fresh]);
  const id = given ?? fresh;
  return <Conversation key={id} id={id} isNew={given === undefined} />;
}
