interface EmptyStateProps {
  /** What is not there: "No conversations yet". */
  title: string;
  /** It is all that the page has: its title is the page's heading. */
  heading?: boolean;
  /** What to do about it. */
  children?: React.ReactNode;
  actions?: React.ReactNode;
}

/** A list with nothing in it: says so, and what fills it. Text on the page, no picture. */
export function EmptyState({ title, heading = false, children, actions }: EmptyStateProps): React.JSX.Element {
  const Title = heading ? "h1" : "p";
  return (
    <div className="max-w-prose py-6">
      <Title className="m-0 text-control font-medium break-words text-ink">{title}</Title>
      {children !== undefined && <div className="mt-1 text-control text-ink-2">{children}</div>}
      {actions !== undefined && <div className="mt-3 flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
