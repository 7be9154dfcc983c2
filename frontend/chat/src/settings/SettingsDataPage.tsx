import { DeleteSetting } from "./DeleteSetting";
import { ImportSetting } from "./ImportSetting";
import { Setting, SettingsFrame } from "./SettingsFrame";
import { EXPORT_URL } from "./transfer";

/** `/settings/data`: take everything out, take conversations in, delete all. */
export function SettingsDataPage(): React.JSX.Element {
  return (
    <SettingsFrame title="Data">
      <Setting title="Export" hint="Every conversation, vote and setting as one JSON file. It can be imported again.">
        <a
          href={EXPORT_URL}
          download
          className="inline-flex h-8 items-center rounded-control border border-line-strong bg-surface px-3 text-control font-medium text-ink no-underline hover:bg-sunken hover:no-underline coarse:h-11"
        >
          Download everything
        </a>
      </Setting>
      <Setting
        title="Import"
        hint="A file of this application, of Open WebUI, of LibreChat, or the conversations.json of ChatGPT."
      >
        <ImportSetting />
      </Setting>
      <Setting title="Delete">
        <DeleteSetting />
      </Setting>
    </SettingsFrame>
  );
}
