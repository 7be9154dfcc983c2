import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { modelsQuery } from "@/api/models";
import { useTogglePin } from "@/picker/usePinned";
import { Button } from "@trunkline/kit/Button";
import { Skeleton } from "@trunkline/kit/Skeleton";
import { ModelChoice } from "./ModelChoice";
import { Setting, SettingsFrame } from "./SettingsFrame";
import { useSettings } from "./useSettings";

/** What each task of the map is about. Tasks that the server has beyond these are shown by their name. */
const TASKS: Record<string, string> = {
  greeting: "Short and cheap: hello, thanks, small talk.",
  research: "Long texts, facts, sources.",
  analysis: "Numbers, code, careful steps.",
  creative: "Ideas, names, stories.",
};

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function Pinned(): React.JSX.Element {
  const { data: list } = useQuery(modelsQuery);
  const togglePin = useTogglePin();
  const pinned = list?.models.filter((model) => model.pinned) ?? [];
  if (pinned.length === 0) {
    return (
      <p className="m-0 text-control text-ink-2">
        None. Pin one in the <Link to="/models">list of models</Link>; it then leads every picker.
      </p>
    );
  }
  return (
    <ul className="m-0 list-none p-0">
      {pinned.map((model) => (
        <li key={model.id} className="flex items-center gap-3 border-b border-line py-1 text-control">
          <Link to="/models/$id" params={{ id: model.id }} className="flex-1">
            {model.name}
          </Link>
          <span className="text-ui text-ink-3">{model.provider}</span>
          <Button dense look="quiet" aria-label={`Unpin ${model.name}`} onClick={() => togglePin(model)}>
            Unpin
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** `/settings/models`: the default model, the model of each kind of task, and the pins. */
export function SettingsModelsPage(): React.JSX.Element {
  const [settings, change] = useSettings();
  if (settings === undefined) {
    return (
      <SettingsFrame title="Models">
        <Skeleton lines={6} />
      </SettingsFrame>
    );
  }
  const tasks = [...new Set([...Object.keys(TASKS), ...Object.keys(settings.task_models)])];
  return (
    <SettingsFrame title="Models">
      <Setting title="Default model" hint="For new conversations.">
        <ModelChoice
          label="Default model"
          value={settings.default_model}
          onChange={(default_model) => change({ default_model })}
        />
      </Setting>
      <Setting title="Model by task" hint="Programs ask for a task, and get the model that you chose for it.">
        <dl className="m-0 flex flex-col">
          {tasks.map((task) => (
            <div key={task} className="grid items-start gap-x-4 gap-y-1 border-b border-line py-2 md:grid-cols-2">
              <dt className="text-control font-medium">
                {capital(task)}
                <span className="block text-ui font-normal text-ink-3">{TASKS[task]}</span>
              </dt>
              <dd className="m-0">
                <ModelChoice
                  label={`Model for ${task}`}
                  value={settings.task_models[task] ?? ""}
                  onChange={(model) => change({ task_models: { ...settings.task_models, [task]: model } })}
                />
              </dd>
            </div>
          ))}
        </dl>
      </Setting>
      <Setting title="Pinned">
        <Pinned />
      </Setting>
    </SettingsFrame>
  );
}
