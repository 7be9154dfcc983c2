import { Link } from "@tanstack/react-router";

/** An address that leads nowhere. It stands alone: the rail belongs to pages that are there. */
export function NotFound(): React.JSX.Element {
  return (
    <main className="mx-auto max-w-answer px-6 py-10">
      <h1 className="m-0 text-title font-semibold">There is nothing at this address.</h1>
      <p className="mt-2 text-ink-2">
        <Link to="/">Start a new chat</Link>; your conversations are there as well.
      </p>
    </main>
  );
}
