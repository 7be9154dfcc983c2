import type { ErrorComponentProps } from "@tanstack/react-router";
import { PageError } from "@/errors/PageError";

/** A page that failed, with the way to try again; the rest of the application stays as it is. */
export function PageProblem({ error, reset }: ErrorComponentProps): React.JSX.Element {
  return (
    <div className="max-w-answer px-6 py-10">
      <PageError error={error} onRetry={reset} />
    </div>
  );
}
