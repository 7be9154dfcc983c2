import { Link } from "@tanstack/react-router";
import type { ModelCard } from "@/api/types";
import { fixOf, reasonOf, standingOf } from "@/picker/state";
import { Words } from "@trunkline/kit/Words";

/** Models with one and the same trouble are told once. */
function byTrouble(models: readonly ModelCard[]): { reason: string; fix: string | null; models: ModelCard[] }[] {
  const troubles = new Map<string, { reason: string; fix: string | null; models: ModelCard[] }>();
  for (const model of models) {
    const reason = reasonOf(model);
    const known = troubles.get(reason);
    if (known === undefined) troubles.set(reason, { reason, fix: fixOf(model), models: [model] });
    else known.models.push(model);
  }
  return [...troubles.values()];
}

/** The models that do not answer now: why, what to do, and which they are. */
export function TroubleList({ models }: { models: readonly ModelCard[] }): React.JSX.Element {
  return (
    <section aria-labelledby="not-now">
      <h2 id="not-now" className="m-0 border-b border-line-strong pb-1 text-control font-semibold">
        Not now <span className="font-normal text-ink-3">{models.length}</span>
      </h2>
      <ul className="m-0 list-none p-0">
        {byTrouble(models).map(({ reason, fix, models: stuck }) => (
          <li key={reason} className="grid gap-x-6 gap-y-1 border-b border-line py-3 text-control md:grid-cols-2">
            <div>
              <p className="m-0 font-medium text-ink">
                <span className="text-ink-3">{stuck[0] === undefined ? "○" : standingOf(stuck[0]).sign} </span>
                <Words>{reason}</Words>
              </p>
              {fix !== null && (
                <p className="m-0 mt-0.5 text-ui text-ink-2">
                  <Words>{fix}</Words>
                </p>
              )}
            </div>
            <p className="m-0 text-ui leading-6 text-ink-3">
              {stuck.map((model, index) => (
                <span key={model.id}>
                  {index > 0 && ", "}
                  <Link to="/models/$id" params={{ id: model.id }}>
                    {model.name}
                  </Link>
                </span>
              ))}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
