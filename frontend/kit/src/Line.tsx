import { cx } from "./cx.ts";
import { seriesOf } from "./provider.ts";

/** What the line tells: answered, from a cache, by the model on this machine, refused on the way, or never sent. */
export type LineState = "ok" | "cached" | "embedded" | "failed" | "skipped";

interface LineProps {
  /** The provider that answered; its name must be printed next to the line. */
  provider: string | null | undefined;
  state?: LineState;
  /** Beside a text (vertical, the default) or above a column (horizontal). */
  orientation?: "vertical" | "horizontal";
  className?: string;
}

/** A 2 px rule in the provider's colour. Decoration only: it is hidden from screen readers. */
export function Line({ provider, state = "ok", orientation = "vertical", className }: LineProps): React.JSX.Element {
  return (
    <span
      aria-hidden="true"
      className={cx("tl-line block", orientation === "vertical" ? "self-stretch" : "w-full", className)}
      data-series={seriesOf(provider)}
      data-state={state}
      data-orientation={orientation}
    />
  );
}
