import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import { Button } from "./Button.tsx";
import { cx } from "./cx.ts";

/** notice: nothing is lost · warning: it will go on or can be gone around · danger: it stopped. */
export type ErrorTone = "notice" | "warning" | "danger";

export interface ErrorAction {
  label: string;
  onSelect: () => void;
  /** The one that most people want. */
  primary?: boolean;
  disabled?: boolean;
}

interface ErrorCardProps {
  /** The code of the API, for tests and for the person who asks for help. */
  code: string;
  /** What happened and why, with numbers: one sentence. */
  message: React.ReactNode;
  /** What to do. */
  fix?: React.ReactNode;
  /** The provider's own words. They are shown as a quotation and as text only. */
  quote?: { who: string; text: string } | null | undefined;
  actions?: readonly ErrorAction[];
  tone?: ErrorTone;
  /** Announces the card once when it appears. Default true; false for one that was there before. */
  announced?: boolean;
  className?: string;
}

const TONES = {
  notice: { sign: "text-ink-3", Icon: Info, word: "Notice" },
  warning: { sign: "text-warn", Icon: TriangleAlert, word: "Warning" },
  danger: { sign: "text-danger", Icon: CircleAlert, word: "Error" },
} as const;

/** What went wrong, why, and the way out. */
export function ErrorCard(props: ErrorCardProps): React.JSX.Element {
  const { code, message, fix, quote, actions = [], tone = "danger", announced = true, className } = props;
  const { sign, Icon, word } = TONES[tone];
  return (
    <div
      role={announced ? "alert" : "group"}
      aria-label={announced ? undefined : word}
      data-error={code}
      className={cx("flex gap-2 py-1", className)}
    >
      <Icon aria-label={word} role="img" size={16} strokeWidth={1.5} className={cx("mt-0.5 flex-none", sign)} />
      <div className="min-w-0 flex-1 text-control">
        <p className="m-0 font-medium break-words text-ink">{message}</p>
        {fix !== undefined && fix !== null && fix !== "" && <p className="m-0 mt-1 break-words text-ink-2">{fix}</p>}
        {quote !== null && quote !== undefined && (
          <figure className="m-0 mt-2">
            <figcaption className="text-meta text-ink-3">{quote.who} said</figcaption>
            <blockquote className="m-0 max-h-40 scroll-quiet overflow-y-auto font-mono text-ui break-words whitespace-pre-wrap text-ink-2">
              {quote.text}
            </blockquote>
          </figure>
        )}
        {actions.length > 0 && (
          <div className="mt-2 flex flex-wrap gap-2">
            {actions.map((action) => (
              <Button
                key={action.label}
                dense
                look={action.primary === true ? "primary" : "plain"}
                disabled={action.disabled ?? false}
                onClick={action.onSelect}
              >
                {action.label}
              </Button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
