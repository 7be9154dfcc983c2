import { Link2 } from "lucide-react";
import { useCopy } from "@/answer/useCopy";
import { cx } from "@trunkline/kit/cx";
import { IconButton } from "@trunkline/kit/IconButton";
import type { Layout } from "./search";

const LAYOUTS: readonly { layout: Layout; label: string }[] = [
  { layout: "columns", label: "Columns" },
  { layout: "tabs", label: "Tabs" },
  { layout: "diff", label: "Diff" },
];

interface LayoutBarProps {
  layout: Layout;
  onLayout: (layout: Layout) => void;
  /** The comparison as a link that others can run for themselves. */
  link: string;
}

/** How the answers are laid out, and the link to the same comparison. */
export function LayoutBar({ layout, onLayout, link }: LayoutBarProps): React.JSX.Element {
  const [copied, copy] = useCopy();
  return (
    <div className="flex flex-none items-center gap-3">
      <div role="group" aria-label="Layout" className="flex gap-3">
        {LAYOUTS.map((one) => (
          <button
            key={one.layout}
            type="button"
            aria-pressed={layout === one.layout}
            className={cx(
              "h-8 border-b-2 border-transparent text-control text-ink-3 hover:text-ink aria-pressed:border-accent aria-pressed:text-ink coarse:h-11",
              one.layout === "columns" && "max-md:hidden",
            )}
            onClick={() => onLayout(one.layout)}
          >
            {one.label}
          </button>
        ))}
      </div>
      <IconButton label={copied ? "Link copied" : "Copy a link to this comparison"} onClick={() => copy(link)}>
        <Link2 aria-hidden="true" size={16} strokeWidth={1.5} />
      </IconButton>
    </div>
  );
}
