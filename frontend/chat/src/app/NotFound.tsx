import { Link } from "@tanstack/react-router";
import { EmptyState } from "@trunkline/kit/EmptyState";

/** An address that leads nowhere. */
export function NotFound(): React.JSX.Element {
  return (
    <div className="px-6 py-10">
      <EmptyState title="There is nothing at this address.">
        <Link to="/">Start a new chat</Link>, or pick a conversation on the left.
      </EmptyState>
    </div>
  );
}
