import { cx } from "./cx.ts";
import { seriesOf } from "./provider.ts";

interface ProviderMarkProps {
  provider: string | null | undefined;
  className?: string;
}

/** A provider as a letter on its colour, 16 px: our own drawing, no trademark. The name belongs beside it. */
export function ProviderMark({ provider, className }: ProviderMarkProps): React.JSX.Element {
  const letter =
    (provider ?? "?")
      .replace(/[^a-z0-9]/gi, "")
      .charAt(0)
      .toUpperCase() || "?";
  return (
    <span
      aria-hidden="true"
      data-series={seriesOf(provider)}
      className={cx(
        "inline-grid size-4 flex-none place-items-center border-b-2 border-series bg-sunken font-mono text-[0.625rem] leading-none text-ink-2",
        className,
      )}
    >
      {letter}
    </span>
  );
}
