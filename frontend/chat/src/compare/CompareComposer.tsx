import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { settingsQuery } from "@/api/settings";
import { toErrorBody } from "@/api/errors";
import { Button } from "@trunkline/kit/Button";
import { Menu } from "@trunkline/kit/Menu";

interface CompareComposerProps {
  /** Letters by their place on the page, with the column that each stands for. */
  columns: readonly { letter: string; column: number }[];
  running: boolean;
  onAsk: (columns: number[], content: string) => Promise<void>;
  onStop: () => void;
}

/** True for the Enter that sends: not one of an input method, and with ⌘ or Ctrl when the setting asks for it. */
export function isSendKey(event: React.KeyboardEvent, sendKey: "enter" | "mod_enter"): boolean {
  const { isComposing, keyCode } = event.nativeEvent;
  if (event.key !== "Enter" || event.shiftKey || isComposing || keyCode === 229) return false;
  return sendKey === "enter" || event.metaKey || event.ctrlKey;
}

/** Goes on talking: to all columns, or to one. The text stays when it could not be sent. */
export function CompareComposer({ columns, running, onAsk, onStop }: CompareComposerProps): React.JSX.Element {
  const { data: settings } = useQuery(settingsQuery);
  const field = useRef<HTMLTextAreaElement>(null);
  const [empty, setEmpty] = useState(true);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const ask = async (asked: number[]): Promise<void> => {
    const content = field.current?.value.trim() ?? "";
    if (content === "" || running || sending) return;
    setSending(true);
    setError(null);
    try {
      await onAsk(asked, content);
      if (field.current !== null) field.current.value = "";
      setEmpty(true);
    } catch (cause) {
      const { message, fix } = toErrorBody(cause);
      setError(fix === null ? message : `${message} ${fix}`);
    } finally {
      setSending(false);
    }
  };
  const all = columns.map(({ column }) => column);
  return (
    <div className="border-t border-line bg-canvas px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
      <div className="flex items-end gap-2 rounded-control border border-line-strong bg-surface p-2 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus">
        <textarea
          ref={field}
          rows={1}
          aria-label="Ask the columns"
          placeholder="Ask all of them…"
          className="field-sizing-content max-h-40 min-h-7 min-w-0 flex-1 resize-none bg-transparent py-0.5 text-answer text-ink outline-none coarse:min-h-11 coarse:py-2.5"
          onChange={(event) => setEmpty(event.target.value.trim() === "")}
          onKeyDown={(event) => {
            if (!isSendKey(event, settings?.send_key ?? "enter")) return;
            event.preventDefault();
            void ask(all);
          }}
        />
        {running ? (
          <Button dense onClick={onStop}>
            Stop all
          </Button>
        ) : (
          <>
            <Menu
              label="Ask one column"
              align="end"
              side="top"
              items={columns.map(({ letter, column }) => ({
                label: `Ask only ${letter}`,
                onSelect: () => void ask([column]),
              }))}
            >
              <Button dense look="quiet" disabled={empty || sending}>
                Ask one…
              </Button>
            </Menu>
            <Button dense look="primary" disabled={empty || sending} onClick={() => void ask(all)}>
              Ask all
            </Button>
          </>
        )}
      </div>
      {error !== null && (
        <p role="alert" className="mt-1 mb-0 text-ui text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
