import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { IconButton } from "@trunkline/kit/IconButton";
import { useTheme, type ThemeChoice } from "@trunkline/kit/theme";
import { api, call } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { rangeOnly } from "./search";
import { useAddress } from "./useSearch";

const GROUPS = [
  {
    name: "Watch",
    pages: [
      ["/", "Overview"],
      ["/requests", "Requests"],
      ["/errors", "Errors"],
    ],
  },
  { name: "Cost", pages: [["/spend", "Spend"]] },
] as const;

const THEMES: Record<ThemeChoice, { next: ThemeChoice; label: string; Icon: typeof Sun }> = {
  system: { next: "light", label: "Theme of the system; change to light", Icon: Monitor },
  light: { next: "dark", label: "Light theme; change to dark", Icon: Sun },
  dark: { next: "system", label: "Dark theme; change to the system's", Icon: Moon },
};

function Pages(): React.JSX.Element {
  const { search } = useAddress();
  return (
    <nav
      aria-label="Pages"
      className="flex no-scrollbar gap-4 overflow-x-auto lg:flex-col lg:gap-6 lg:overflow-visible"
    >
      {GROUPS.map((group) => (
        <div key={group.name} className="contents lg:block">
          <h2 className="m-0 mb-1 hidden px-3 text-meta font-normal text-ink-3 lg:block">{group.name}</h2>
          <ul className="m-0 flex list-none gap-4 p-0 lg:flex-col lg:gap-0">
            {group.pages.map(([to, label]) => (
              <li key={to}>
                <Link
                  to={to}
                  search={rangeOnly(search)}
                  activeOptions={{ exact: true, includeSearch: false }}
                  className="block border-transparent py-1.5 text-control whitespace-nowrap text-ink-2 no-underline hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink max-lg:border-b-2 lg:border-l-2 lg:px-3 coarse:py-3"
                >
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

interface RailProps {
  /** False where there is no master key, and so nothing to sign out of. */
  needsKey: boolean;
  onHelp: () => void;
}

/** The pages, and what concerns the person: theme, keys, signing out. On a phone it is a strip at the top. */
export function Rail({ needsKey, onHelp }: RailProps): React.JSX.Element {
  const queries = useQueryClient();
  const [choice, setTheme] = useTheme();
  const theme = THEMES[choice];
  const signOut = useMutation({
    mutationFn: async () => call(api.DELETE("/trunkline/session")),
    onSuccess: (session) => {
      queries.setQueryData(sessionQuery.queryKey, session);
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    },
  });
  const icon = { "aria-hidden": true, size: 16, strokeWidth: 1.5 } as const;
  const tools = (
    <>
      <IconButton label={theme.label} onClick={() => setTheme(theme.next)}>
        <theme.Icon {...icon} />
      </IconButton>
      <IconButton label="Keys" keys="?" className="coarse:hidden" onClick={onHelp}>
        <Keyboard {...icon} />
      </IconButton>
      {needsKey && (
        <IconButton label="Sign out" onClick={() => signOut.mutate()}>
          <LogOut {...icon} />
        </IconButton>
      )}
    </>
  );
  return (
    <header className="flex flex-none flex-col gap-1 border-b border-line px-4 pt-3 lg:sticky lg:top-0 lg:h-dvh lg:w-44 lg:gap-6 lg:border-r lg:border-b-0 lg:px-3 lg:pt-5 lg:pb-3">
      <div className="flex items-center justify-between lg:px-3">
        <span className="text-lead font-semibold">Trunkline</span>
        <div className="flex lg:hidden">{tools}</div>
      </div>
      <Pages />
      <div className="mt-auto hidden px-1 lg:flex">{tools}</div>
    </header>
  );
}
