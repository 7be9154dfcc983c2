import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { cx } from "@trunkline/kit/cx";
import { formatMoney } from "@trunkline/kit/format";
import { Menu, type MenuItem } from "@trunkline/kit/Menu";
import { useTheme, type ThemeChoice } from "@trunkline/kit/theme";
import { localZone } from "@trunkline/kit/time";
import { sessionQuery, signOut } from "@/api/session";
import { settingsQuery } from "@/api/settings";
import { usageQuery } from "@/api/usage";
import { openOverlay } from "./shellStore";
import { useConnection, type Connection } from "./useConnection";

const THEMES: Record<ThemeChoice, string> = { system: "Theme of the system", light: "Light", dark: "Dark" };

/** What today has cost, whether it works, and who one is. */
export function RailFoot(): React.JSX.Element {
  const connection = useConnection();
  return (
    <div className="flex-none border-t border-line px-2 py-2 pb-safe text-ui">
      <div className="flex h-7 items-center justify-between gap-2 px-2 text-ink-2">
        <TodaySpend />
        <ConnectionMark connection={connection} />
      </div>
      <Account />
    </div>
  );
}

function TodaySpend(): React.JSX.Element {
  const { data: settings } = useQuery(settingsQuery);
  const { data: usage } = useQuery(usageQuery(1, settings?.zone ?? localZone()));
  return (
    <Link to="/usage" className="flex-none text-ink-2 no-underline">
      {usage === undefined ? "Usage" : `${formatMoney(usage.totals.cost_nano)} today`}
    </Link>
  );
}

function ConnectionMark({ connection }: { connection: Connection }): React.JSX.Element {
  const isFine = connection.state === "connected" || connection.state === "checking";
  return (
    <span className="flex min-w-0 items-center gap-1.5" data-connection={connection.state}>
      <span
        aria-hidden="true"
        className={cx("size-2 flex-none rounded-full", isFine ? "bg-ok" : "border-2 border-warn bg-transparent")}
      />
      <span className="truncate">{"short" in connection ? connection.short : connection.state}</span>
    </span>
  );
}

function Account(): React.JSX.Element {
  const { data: session } = useQuery(sessionQuery);
  const [theme, setTheme] = useTheme();
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    await signOut();
    client.clear();
  };
  const themes = (Object.keys(THEMES) as ThemeChoice[]).map((choice): MenuItem => ({
    label: THEMES[choice],
    checked: theme === choice,
    onSelect: () => setTheme(choice),
  }));
  const items: (MenuItem | null)[] = [
    { label: "Models", onSelect: () => void navigate({ to: "/models" }) },
    { label: "Usage", onSelect: () => void navigate({ to: "/usage" }) },
    { label: "Settings", onSelect: () => void navigate({ to: "/settings/you" }) },
    { label: "Keyboard", keys: "?", onSelect: () => openOverlay("shortcuts") },
    null,
    ...themes,
  ];
  if (session !== undefined && session.mode !== "off")
    items.push(null, { label: "Sign out", onSelect: () => void leave() });
  return (
    <Menu label="Account" side="top" items={items}>
      <button
        type="button"
        className="flex h-8 w-full items-center justify-between gap-2 rounded-control px-2 text-control text-ink hover:bg-canvas coarse:h-11"
      >
        <span className="truncate">{session?.user?.name ?? "You"}</span>
        <ChevronDown aria-hidden="true" size={16} strokeWidth={1.5} className="text-ink-3" />
      </button>
    </Menu>
  );
}
