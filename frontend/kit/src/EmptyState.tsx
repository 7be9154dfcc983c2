interface EmptyStateProps {
  /** What is not there: "No conversations yet". */
  title: string;
  /** What to do about it. */
  children?: React.ReactNode;
  actions?: React.ReactNode;
}

/** A list with nothing in it: says so, and what fills it. Text on the page, no picture. */
export function EmptyState({ title, children, actions }: EmptyStateProps): React.JSX.Element {
  return (
    <div className="max-w-prose py-6">
      <p className="text-control font-medium text-ink">{title}</p>
      {children !== undefined && <div className="mt-1 text-control text-ink-2">{children}</div>}
      {actions !== undefined && <div className="mt-3 flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
