import { Link } from "@tanstack/react-router";

const PAGES = [
  { to: "/settings/you", label: "You" },
  { to: "/settings/models", label: "Models" },
  { to: "/settings/prompts", label: "Prompts" },
  { to: "/settings/data", label: "Data" },
  { to: "/settings/keys", label: "Keyboard" },
] as const;

interface SettingsFrameProps {
  title: string;
  children: React.ReactNode;
}

/** A page of the settings with the way to the others. */
export function SettingsFrame({ title, children }: SettingsFrameProps): React.JSX.Element {
  return (
    <div className="min-h-0 flex-1 scroll-quiet overflow-y-auto">
      <div className="mx-auto max-w-[44rem] px-4 py-6">
        <h1 className="m-0 text-title font-semibold">Settings</h1>
        <nav aria-label="Settings" className="mt-2 flex no-scrollbar gap-4 overflow-x-auto border-b border-line">
          {PAGES.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              className="-mb-px flex h-8 flex-none items-center border-b-2 border-transparent text-control text-ink-3 no-underline hover:text-ink hover:no-underline focus-visible:-outline-offset-2 aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink coarse:h-11"
            >
              {label}
            </Link>
          ))}
        </nav>
        <h2 className="sr-only">{title}</h2>
        <div className="flex flex-col gap-8 py-6">{children}</div>
      </div>
    </div>
  );
}

interface SettingProps {
  title: string;
  hint?: React.ReactNode;
  children: React.ReactNode;
}

/** One setting: what it is at the left, its control at the right, on a phone beneath. */
export function Setting({ title, hint, children }: SettingProps): React.JSX.Element {
  return (
    <section className="grid gap-x-8 gap-y-2 sm:grid-cols-[14rem_1fr]">
      <div>
        <h3 className="m-0 text-control font-medium text-ink">{title}</h3>
        {hint !== undefined && <p className="m-0 text-ui text-ink-3">{hint}</p>}
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  );
}
