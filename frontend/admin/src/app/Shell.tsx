import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ErrorCard } from "@trunkline/kit/ErrorCard";
import { useHotkeys } from "@trunkline/kit/hotkeys";
import { StatusText } from "@trunkline/kit/StatusText";
import { sessionQuery } from "@/api/queries";
import { KeysDialog } from "./KeysDialog";
import { useLetters } from "./letters";
import { Rail } from "./Rail";
import { rangeOnly } from "./search";
import { SignIn } from "./SignIn";
import { useAddress } from "./useSearch";

/** What every page stands in: who may see it, the rail, the keys. */
export function Shell(): React.JSX.Element {
  const session = useQuery(sessionQuery);
  if (session.data?.signed_in === true) return <SignedIn needsKey={session.data.needs_key} />;
  return (
    <>
      <StatusText />
      {session.data !== undefined && <SignIn hint={session.data.hint} />}
      {session.error !== null && (
        <main className="mx-auto max-w-md px-4 pt-[14dvh]">
          <ErrorCard
            code="gateway_down"
            message={session.error.message}
            fix="Look whether the gateway still runs where this page came from."
            actions={[{ label: "Ask again", onSelect: () => void session.refetch() }]}
          />
        </main>
      )}
    </>
  );
}

function SignedIn({ needsKey }: { needsKey: boolean }): React.JSX.Element {
  const [help, setHelp] = useState(false);
  const [letters, setLetters] = useLetters();
  const navigate = useNavigate();
  const { search } = useAddress();
  const go = (to: "/" | "/requests" | "/errors" | "/spend") => () => void navigate({ to, search: rangeOnly(search) });
  useHotkeys(
    {
      "g o": go("/"),
      "g r": go("/requests"),
      "g e": go("/errors"),
      "g s": go("/spend"),
      "[Shift]+?": () => setHelp(true),
    },
    { letters },
  );
  return (
    <div className="flex min-h-dvh flex-col lg:flex-row">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:bg-raised focus:px-3 focus:py-2"
      >
        Skip to the content
      </a>
      <StatusText />
      <Rail needsKey={needsKey} onHelp={() => setHelp(true)} />
      <main id="content" tabIndex={-1} className="min-w-0 flex-1 px-4 py-4 outline-none lg:px-6">
        <Outlet />
      </main>
      <KeysDialog open={help} onOpenChange={setHelp} letters={letters} onLetters={setLetters} />
    </div>
  );
}
