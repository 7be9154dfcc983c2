import { useQuery, useQueryClient } from "@tanstack/react-query";
import { sessionQuery, signOut } from "@/api/session";
import { Button } from "@trunkline/kit/Button";
import { Select } from "@trunkline/kit/Select";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { useTheme } from "@trunkline/kit/theme";
import { localZone } from "@trunkline/kit/time";
import { Choice, Switch } from "./Choice";
import { Setting, SettingsFrame } from "./SettingsFrame";
import { useSettings } from "./useSettings";

const ZONES = Intl.supportedValuesOf("timeZone");

function Account(): React.JSX.Element {
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const leave = async (): Promise<void> => {
    await signOut();
    client.clear();
    location.assign("/sign-in");
  };
  if (session?.mode === "off") {
    return (
      <p className="m-0 text-control text-ink-2">
        Sign-in is off, because this application listens on this machine only. Everything here is yours.
      </p>
    );
  }
  return (
    <div className="flex flex-wrap items-center gap-4">
      <p className="m-0 flex-1 text-control text-ink">
        {session?.user?.name}
        <span className="block text-ui text-ink-3">
          {[session?.user?.email, session?.user?.role].filter(Boolean).join(" · ")}
        </span>
      </p>
      <Button onClick={() => void leave()}>Sign out</Button>
    </div>
  );
}

/** `/settings/you`: account, theme, how messages are sent, in which zone days are counted. */
export function SettingsYouPage(): React.JSX.Element {
  const [settings, change] = useSettings();
  const [theme, setTheme] = useTheme();
  const zone = localZone();
  return (
    <SettingsFrame title="You">
      <Setting title="Account">
        <Account />
      </Setting>
      <Setting title="Theme" hint="For this browser.">
        <Choice
          label="Theme"
          value={theme}
          onChange={setTheme}
          options={[
            { value: "system", label: "As the system" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
        />
      </Setting>
      {settings === undefined && <Skeleton lines={4} />}
      {settings !== undefined && (
        <>
          <Setting title="Sending">
            <Choice
              label="Sending"
              value={settings.send_key}
              onChange={(send_key) => change({ send_key })}
              options={[
                { value: "enter", label: "Enter sends", hint: "Shift+Enter is a new line" },
                { value: "mod_enter", label: "⌘ or Ctrl+Enter sends", hint: "Enter is a new line" },
              ]}
            />
          </Setting>
          <Setting title="Screen reader" hint="Without it, only the end of an answer is announced.">
            <Switch
              label="Read out each finished answer"
              checked={settings.read_answers}
              onChange={(read_answers) => change({ read_answers })}
            />
          </Setting>
          <Setting title="Time zone" hint="Days of usage and budgets begin at midnight there.">
            <Select
              label="Time zone"
              labelHidden
              className="max-w-72"
              value={settings.zone ?? ""}
              options={[
                { value: "", label: `As this browser (${zone})` },
                ...ZONES.map((value) => ({ value, label: value.replaceAll("_", " ") })),
              ]}
              onChange={(value) => change({ zone: value === "" ? null : value })}
            />
          </Setting>
        </>
      )}
    </SettingsFrame>
  );
}
