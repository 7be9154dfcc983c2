import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { StatusText } from "@trunkline/kit/StatusText";
import { Toaster } from "@trunkline/kit/Toast";
import { sessionQuery } from "@/api/session";
import { GlobalKeys } from "@/keys/GlobalKeys";
import { PageBar } from "./PageBar";
import { Rail } from "./Rail";
import { RailDrawer } from "./RailDrawer";
import { ServiceNotice } from "./ServiceNotice";
import { useOverlay } from "./shellStore";
import { useModelNews } from "./useModelNews";
import { useSignedOut } from "./useSignedOut";

const ShortcutSheet = lazy(() => import("@/keys/ShortcutSheet"));
const CommandPalette = lazy(() => import("@/search/CommandPalette").then((room) => ({ default: room.CommandPalette })));

/** What stands around every page: the rail, the notices, and what can be opened from anywhere. */
export function Shell(): React.JSX.Element {
  useSignInGate();
  useModelNews();
  return (
    <div className="flex h-app min-h-0 print:block">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:rounded-control focus:bg-surface focus:px-3 focus:py-2"
      >
        Skip to the conversation
      </a>
      <aside
        className="hidden w-64 flex-none border-r border-line bg-sunken lg:block print:hidden"
        aria-label="Conversations"
      >
        <Rail />
      </aside>
      <RailDrawer />
      <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
        <ServiceNotice />
        <PageBar />
        <Outlet />
      </main>
      <GlobalKeys />
      <Overlays />
      <StatusText />
      <Toaster />
    </div>
  );
}

/** Overlays are fetched when they are first opened. */
function Overlays(): React.JSX.Element {
  const [shortcuts, setShortcuts] = useOverlay("shortcuts");
  const [palette, setPalette] = useOverlay("palette");
  return (
    <Suspense fallback={null}>
      {shortcuts && <ShortcutSheet open onOpenChange={setShortcuts} />}
      {palette && <CommandPalette open onOpenChange={setPalette} />}
    </Suspense>
  );
}

/** Leads to the sign-in page where one is needed. The page does not wait for the answer: most of the time it is yes. */
function useSignInGate(): void {
  const { data: session } = useQuery(sessionQuery);
  const navigate = useNavigate();
  const { href } = useLocation();
  const refused = session !== undefined && session.mode !== "off" && session.user === null;
  useSignedOut();
  useEffect(() => {
    // The address of the sign-in page is here before this page has gone: it must not become its own way back.
    if (refused && !href.startsWith("/sign-in")) void navigate({ to: "/sign-in", search: { to: href }, replace: true });
  }, [refused, href, navigate]);
}
