import { useEffect } from "react";
import type { ConversationDetail } from "@/api/types";
import { isRunning } from "@/runs/answerState";
import { resumeRun } from "@/runs/liveRuns";

/** Takes up the runs that are still at work in a conversation: after a reload, or from another tab. */
export function useResume(conversation: ConversationDetail | undefined): void {
  useEffect(() => {
    const open = conversation?.messages.filter((message) => message.role === "assistant" && isRunning(message.status));
    for (const runId of new Set(open?.map((message) => message.run_id))) {
      // A failure shows as an answer that waits; the next look at the conversation tries again.
      if (runId !== null) resumeRun(runId).catch(() => undefined);
    }
  }, [conversation?.messages]);
}
