import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { makeUlid } from "@/api/ulid";
import { Conversation } from "./Conversation";

/** `/` and `/c/$id`. The id of a new conversation is made here, so that its first message needs nobody's answer. */
export function ConversationPage(): React.JSX.Element {
  const { id: given } = useParams({ strict: false });
  const [fresh, setFresh] = useState(makeUlid);
  const [isUsed, setUsed] = useState(false);
  if (given === fresh && !isUsed) setUsed(true);
  if (given === undefined && isUsed) {
    setUsed(false);
    setFresh(makeUlid());
  }
  const id = given ?? fresh;
  return <Conversation key={id} id={id} isNew={given === undefined} />;
}
