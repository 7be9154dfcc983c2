import { useQuery } from "@tanstack/react-query";
import { use, type RefObject } from "react";
import { useHotkeys } from "@trunkline/kit/hotkeys";
import { copyText } from "@/answer/useCopy";
import { stopRun } from "@/api/runs";
import { settingsQuery } from "@/api/settings";
import type { Message } from "@/api/types";
import { openOverlay, useShell } from "@/app/shellStore";
import { answerStore, liveRuns } from "@/runs/liveRuns";
import { ConversationActionsContext } from "./actions";
import type { Row } from "./rows";
import type { VirtualHandle } from "./VirtualRows";

type MessageRow = Extract<Row, { kind: "message" }>;

const isMessage = (row: Row): row is MessageRow => row.kind === "message";

/** The row whose message has the focus, or holds what has it. */
function focusedRow(rows: readonly Row[]): MessageRow | undefined {
  const article = document.activeElement?.closest("[data-message]");
  const id = article?.getAttribute("data-message");
  return rows.filter(isMessage).find((row) => row.message.id === id);
}

function focusRow(scroller: HTMLElement | null, row: MessageRow, virtual: VirtualHandle | null, tries = 2): void {
  const article = scroller?.querySelector<HTMLElement>(`[data-message="${CSS.escape(row.message.id)}"]`);
  if (article) {
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "nearest" });
  } else if (tries > 0 && virtual?.show(row.key)) {
    requestAnimationFrame(() => focusRow(scroller, row, virtual, tries - 1));
  }
}

/** J K [ ] Y R B on messages, ⌘F in the thread, Escape to stop. */
export function useThreadKeys(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly Row[],
  virtual: RefObject<VirtualHandle | null>,
): void {
  const actions = use(ConversationActionsContext);
  const { data: settings } = useQuery(settingsQuery);
  const move =
    (step: number) =>
    (event: KeyboardEvent): void => {
      const messages = rows.filter(isMessage);
      const at = focusedRow(rows);
      const index = at ? messages.indexOf(at) + step : messages.length - 1;
      const next = messages[Math.max(0, Math.min(messages.length - 1, index))];
      if (!next) return;
      event.preventDefault();
      focusRow(scroller.current, next, virtual.current);
    };
  /** For the message with the focus, or the last answer. */
  const onMessage =
    (act: (message: Message) => void) =>
    (event: KeyboardEvent): void => {
      const row =
        focusedRow(rows) ??
        rows.findLast((each): each is MessageRow => isMessage(each) && each.message.role === "assistant");
      if (!row) return;
      event.preventDefault();
      act(row.message);
    };
  useHotkeys(
    {
      j: move(1),
      k: move(-1),
      "[": onMessage((message) => actions.showVersion(message, -1)),
      "]": onMessage((message) => actions.showVersion(message, 1)),
      y: onMessage((message) => void copyText(answerStore(message.id)?.latest.text || message.content)),
      r: onMessage((message) => message.role === "assistant" && actions.retry(message)),
      b: onMessage((message) => actions.branch(message, false)),
      "$mod+f": (event) => {
        // Pressed again, it is the browser's own.
        if (useShell.getState().overlay === "find") return;
        event.preventDefault();
        openOverlay("find");
      },
      Escape: () => {
        const isOpen =
          document.querySelector("[role=dialog], [role=menu]") !== null || useShell.getState().overlay !== null;
        const run = Object.values(liveRuns.getState()).find(
          (each) => each.connection !== "ended" && rows.some((row) => isMessage(row) && row.message.run_id === each.id),
        );
        if (!isOpen && run) void stopRun(run.id);
      },
    },
    { letters: settings?.shortcuts ?? true },
  );
}
