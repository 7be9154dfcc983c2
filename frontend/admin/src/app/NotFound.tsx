import { Link } from "@tanstack/react-router";
import { EmptyState } from "@trunkline/kit/EmptyState";

/** An address that leads nowhere. */
export function NotFound(): React.JSX.Element {
  return (
    <EmptyState title="There is no page at this address.">
      <Link to="/">Go to the overview</Link>
    </EmptyState>
  );
}
