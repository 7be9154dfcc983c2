import { cx } from "./cx.ts";

interface IconButtonProps extends Omit<React.ComponentProps<"button">, "aria-label" | "title"> {
  /** The name: read out, and shown on hover. */
  label: string;
  /** Keys that do the same, shown behind the name on hover: "Y". */
  keys?: string;
  /** For a toggle. */
  pressed?: boolean;
  /** 24 px instead of 32, for a row of an answer; 44 px for a finger all the same. */
  dense?: boolean;
}

/** A button that shows a 16 px icon and always has a name. */
export function IconButton(props: IconButtonProps): React.JSX.Element {
  const { label, keys, pressed, dense = false, className, ...rest } = props;
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      aria-pressed={pressed}
      title={keys === undefined ? label : `${label} (${keys})`}
      className={cx(
        "inline-grid flex-none place-items-center rounded-control text-ink-3 enabled:hover:bg-sunken enabled:hover:text-ink disabled:opacity-50 aria-pressed:bg-accent-soft aria-pressed:text-accent coarse:size-11",
        dense ? "size-6" : "size-8",
        className,
      )}
    />
  );
}
