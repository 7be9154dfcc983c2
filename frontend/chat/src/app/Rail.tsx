import { Link } from "@tanstack/react-router";
import { Columns2, Search, SquarePen } from "lucide-react";
import { Kbd } from "@trunkline/kit/Kbd";
import { RailFoot } from "./RailFoot";
import { RailList } from "./RailList";
import { openOverlay } from "./shellStore";

const ENTRY =
  "flex h-8 w-full items-center gap-2 rounded-control px-2 text-control text-ink no-underline hover:bg-canvas hover:no-underline coarse:h-11";
const ICON = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;

/** The way around: what can be started, every conversation by day, and at the foot what it costs and whether it works. */
export function Rail(): React.JSX.Element {
  return (
    <div className="flex h-full min-h-0 flex-col">
      <nav aria-label="Start" className="flex-none px-2 pt-3 pb-2">
        <Link to="/" className={ENTRY}>
          <SquarePen {...ICON} />
          <span className="flex-1">New chat</span>
          <Kbd keys="n" />
        </Link>
        <Link to="/compare/new" className={ENTRY}>
          <Columns2 {...ICON} />
          <span className="flex-1">Compare</span>
          <Kbd keys="c" />
        </Link>
        <button type="button" className={ENTRY} onClick={() => openOverlay("palette")}>
          <Search {...ICON} />
          <span className="flex-1 text-left">Search</span>
          <Kbd keys="$mod+k" />
        </button>
      </nav>
      <RailList />
      <RailFoot />
    </div>
  );
}
