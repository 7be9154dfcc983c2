import { cx } from "./cx.ts";

/** primary: the one thing to do here · plain: bordered · quiet: text only · danger: destroys something. */
export type ButtonLook = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<ButtonLook, string> = {
  primary: "border-transparent bg-accent text-on-accent enabled:hover:opacity-90",
  plain: "border-line-strong bg-surface text-ink enabled:hover:bg-sunken",
  quiet: "border-transparent text-ink-2 enabled:hover:bg-sunken enabled:hover:text-ink",
  danger: "border-danger bg-surface text-danger enabled:hover:bg-danger-soft",
};

interface ButtonProps extends React.ComponentProps<"button"> {
  look?: ButtonLook;
  /** 28 px high instead of 32, for a row of a table. */
  dense?: boolean;
}

/** A button; its text is a verb. 32 px high, 44 px where a finger presses it. */
export function Button({ look = "plain", dense = false, className, ...rest }: ButtonProps): React.JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      className={cx(
        "inline-flex flex-none items-center justify-center gap-2 rounded-control border px-3 text-control font-medium whitespace-nowrap no-underline transition-transform duration-[80ms] enabled:active:scale-[0.98] disabled:opacity-50 coarse:min-h-11",
        dense ? "h-7" : "h-8",
        LOOKS[look],
        className,
      )}
    />
  );
}
