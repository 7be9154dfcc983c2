import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import { conversationKeys } from "@/api/conversations";
import { queryClient } from "@/api/queryClient";
import { preflight } from "@/api/runs";
import type { ConversationDetail, PreflightReport } from "@/api/types";

/** What a message would be sent with. */
export interface Prospect {
  conversationId: string;
  model: string;
  content: string;
  attachmentIds: string[];
  system: string | null;
}

interface Checked {
  model: string;
  report: PreflightReport;
  /** The losses were shown, and the person goes on all the same. */
  accepted: boolean;
}

const PAUSE_MS = 500;

/** The last report for each conversation. */
const reports = createStore<Record<string, Checked | undefined>>(() => ({}));
const pending = new Map<string, { timer: ReturnType<typeof setTimeout> | null; controller: AbortController }>();

export const useReport = (conversationId: string): Checked | undefined =>
  useStore(reports, (all) => all[conversationId]);
export const reportOf = (conversationId: string): Checked | undefined => reports.getState()[conversationId];

export function clearReport(conversationId: string): void {
  cancel(conversationId);
  reports.setState({ [conversationId]: undefined });
}

export function acceptLosses(conversationId: string): void {
  const known = reportOf(conversationId);
  if (known) reports.setState({ [conversationId]: { ...known, accepted: true } });
}

function cancel(conversationId: string): void {
  const before = pending.get(conversationId);
  if (before?.timer) clearTimeout(before.timer);
  before?.controller.abort();
  pending.delete(conversationId);
}

/** Asks, once the person pauses, what the message would cost and lose. */
export function checkLater(prospect: Prospect): void {
  cancel(prospect.conversationId);
  const controller = new AbortController();
  const timer = setTimeout(() => void check(prospect, controller.signal), PAUSE_MS);
  pending.set(prospect.conversationId, { timer, controller });
}

/** Asks now. Undefined when there is no answer in `patienceMs`: sending must not wait for an estimate. */
export async function checkNow(prospect: Prospect, patienceMs: number): Promise<PreflightReport | undefined> {
  cancel(prospect.conversationId);
  return await check(prospect, AbortSignal.timeout(patienceMs));
}

async function check(prospect: Prospect, signal: AbortSignal): Promise<PreflightReport | undefined> {
  const known = queryClient.getQueryData<ConversationDetail>(conversationKeys.detail(prospect.conversationId));
  const isStored = known !== undefined && known.messages.length > 0;
  try {
    const report = await preflight(
      {
        conversation_id: isStored ? prospect.conversationId : null,
        parent_id: isStored ? known.leaf_id : null,
        model: prospect.model,
        content: prospect.content,
        attachment_ids: prospect.attachmentIds,
        system: prospect.system,
      },
      signal,
    );
    const before = reportOf(prospect.conversationId);
    const accepted = before?.model === prospect.model && before.accepted && sameLosses(before.report, report);
    reports.setState({ [prospect.conversationId]: { model: prospect.model, report, accepted } });
    return report;
  } catch {
    return undefined; // An estimate that cannot be had is no error: the run itself says what is wrong.
  }
}

const sameLosses = (a: PreflightReport, b: PreflightReport): boolean =>
  a.losses.map((loss) => loss.message).join("\n") === b.losses.map((loss) => loss.message).join("\n");
