import { formatTime, formatTimeFull } from "./time.ts";

interface TimeProps {
  /** RFC 3339. */
  at: string;
  /** IANA zone; the browser's own when left out. */
  zone?: string;
  /** What to show instead of the short form. */
  children?: React.ReactNode;
  className?: string;
}

/** An instant: short on the page, local and UTC in full on hover. */
export function Time({ at, zone, children, className }: TimeProps): React.JSX.Element {
  const short = formatTime(at, zone === undefined ? {} : { zone });
  return (
    <time dateTime={at} title={formatTimeFull(at, zone)} className={className}>
      {children ?? short}
    </time>
  );
}
