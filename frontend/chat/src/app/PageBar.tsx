import { useLocation } from "@tanstack/react-router";
import { Menu } from "lucide-react";
import { IconButton } from "@trunkline/kit/IconButton";
import { openOverlay } from "./shellStore";

/** On a narrow page: the way to the rail, above pages that have no head of their own. */
export function PageBar(): React.JSX.Element | null {
  const { pathname } = useLocation();
  if (pathname === "/" || pathname.startsWith("/c/")) return null;
  return (
    <div className="flex h-11 flex-none items-center border-b border-line px-2 lg:hidden print:hidden">
      <IconButton label="Conversations" onClick={() => openOverlay("rail")}>
        <Menu aria-hidden="true" size={16} strokeWidth={1.5} />
      </IconButton>
    </div>
  );
}
