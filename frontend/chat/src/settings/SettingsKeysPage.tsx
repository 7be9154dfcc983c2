import { openOverlay } from "@/app/shellStore";
import { Button } from "@trunkline/kit/Button";
import { Kbd } from "@trunkline/kit/Kbd";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { Switch } from "./Choice";
import { Setting, SettingsFrame } from "./SettingsFrame";
import { useSettings } from "./useSettings";

/** `/settings/keys`: single letters on or off, and the list of all keys. */
export function SettingsKeysPage(): React.JSX.Element {
  const [settings, change] = useSettings();
  return (
    <SettingsFrame title="Keyboard">
      <Setting
        title="Single letters"
        hint="N, C, J, K and the like, outside of text fields. Off, only keys with ⌘ or Ctrl remain."
      >
        {settings === undefined ? (
          <Skeleton lines={1} />
        ) : (
          <Switch
            label="Single letters do something"
            checked={settings.shortcuts}
            onChange={(shortcuts) => change({ shortcuts })}
          />
        )}
      </Setting>
      <Setting title="All keys">
        <Button onClick={() => openOverlay("shortcuts")}>
          Show the list <Kbd keys="?" />
        </Button>
      </Setting>
    </SettingsFrame>
  );
}
