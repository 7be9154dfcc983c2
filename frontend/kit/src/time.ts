/** Times and days as text. The formatters are made once for each zone: making one costs more than using it 1,000 times. */

type Style = "clock" | "clockSeconds" | "day" | "dayYear" | "full" | "numeric";

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  clockSeconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short" },
  dayYear: { day: "numeric", month: "short", year: "numeric" },
  numeric: { year: "numeric", month: "2-digit", day: "2-digit" },
  full: {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  },
};

const made = new Map<string, Intl.DateTimeFormat>();

function formatter(style: Style, zone: string | undefined): Intl.DateTimeFormat {
  const key = `${style} ${zone ?? ""}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  // exactOptionalPropertyTypes: an undefined timeZone must be left out.
  const options = zone === undefined ? STYLES[style] : { ...STYLES[style], timeZone: zone };
  const fresh = new Intl.DateTimeFormat("en-GB", options);
  made.set(key, fresh);
  return fresh;
}

/** The IANA zone of this browser, such as "Europe/Berlin". */
export function localZone(): string {
  return formatter("clock", undefined).resolvedOptions().timeZone;
}

/** The local calendar day of an instant, "2026-11-24": the key to group by. */
export function dayKey(instant: string | Date, zone?: string): string {
  const parts = formatter("numeric", zone).formatToParts(new Date(instant));
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** "14:02" today, "23 Nov 14:02" this year, "23 Nov 2025" before. `now` is for tests. */
export function formatTime(instant: string | Date, options: { zone?: string; now?: Date } = {}): string {
  const { zone, now = new Date() } = options;
  const date = new Date(instant);
  const [today, day] = [dayKey(now, zone), dayKey(date, zone)];
  if (day === today) return formatter("clock", zone).format(date);
  if (day.slice(0, 4) === today.slice(0, 4)) {
    return `${formatter("day", zone).format(date)} ${formatter("clock", zone).format(date)}`;
  }
  return formatter("dayYear", zone).format(date);
}

/** "14:02", whatever the day; with seconds when asked. */
export function formatClock(instant: string | Date, options: { zone?: string; seconds?: boolean } = {}): string {
  return formatter(options.seconds === true ? "clockSeconds" : "clock", options.zone).format(new Date(instant));
}

/** "24 Nov" of an instant, or of a calendar day such as "2026-11-24" (which has no zone). */
export function formatDay(day: string | Date, zone?: string): string {
  if (typeof day === "string" && /^\d{4}-\d{2}-\d{2}$/.test(day)) {
    return formatter("day", "UTC").format(new Date(`${day}T00:00:00Z`));
  }
  return formatter("day", zone).format(new Date(day));
}

/** The instant in the local zone and in UTC, for a title: "Tue, 24 Nov 2026, 14:02:11 CET · 13:02:11 UTC". */
export function formatTimeFull(instant: string | Date, zone?: string): string {
  const date = new Date(instant);
  return `${formatter("full", zone).format(date)} · ${formatter("clockSeconds", "UTC").format(date)} UTC`;
}
