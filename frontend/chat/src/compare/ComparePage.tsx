import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { conversationKeys, conversationQuery } from "@/api/conversations";
import { api, call } from "@/api/client";
import { toErrorBody } from "@/api/errors";
import type { ConversationDetail, Vote } from "@/api/types";
import { PageError } from "@/errors/PageError";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { toast } from "@trunkline/kit/Toast";
import { Comparison } from "./Comparison";
import { useResume } from "@/thread/useResume";

/** Stores a vote: at once on the page, back again when the server refuses. */
function useVote(detail: ConversationDetail | undefined): (vote: Omit<Vote, "created_at">) => void {
  const client = useQueryClient();
  return (vote) => {
    if (detail === undefined) return;
    const key = conversationKeys.detail(detail.id);
    const votes = [...detail.votes, { ...vote, created_at: new Date().toISOString() }];
    client.setQueryData<ConversationDetail>(key, (old) => (old === undefined ? old : { ...old, votes }));
    call(
      api.POST("/api/conversations/{conversation_id}/votes", {
        params: { path: { conversation_id: detail.id } },
        body: vote,
      }),
    ).catch((error: unknown) => {
      client.setQueryData<ConversationDetail>(key, (old) =>
        old === undefined ? old : { ...old, votes: detail.votes },
      );
      toast(`The vote was not stored: ${toErrorBody(error).message}`);
    });
  };
}

/** `/compare/$id`: a comparison, stored or being written. */
export function ComparePage(): React.JSX.Element {
  const { id = "" } = useParams({ strict: false });
  const { data: detail, error, refetch } = useQuery(conversationQuery(id));
  useResume(detail);
  const vote = useVote(detail);
  if (detail !== undefined) return <Comparison key={detail.id} detail={detail} onVote={vote} />;
  return (
    <div className="p-4">
      {error === null ? <Skeleton lines={6} /> : <PageError error={error} onRetry={() => void refetch()} />}
    </div>
  );
}
