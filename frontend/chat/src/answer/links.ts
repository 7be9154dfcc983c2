/** Where a link of a model may lead. Everything else is shown as text. */
const PROTOCOLS = new Set(["https:", "mailto:"]);

/** The link of a model when it may be followed, with what to say about where it leads. */
export function safeLink(href: string | undefined): { href: string; host: string } | null {
  if (href === undefined) return null;
  try {
    const url = new URL(href);
    if (!PROTOCOLS.has(url.protocol)) return null;
    return { href: url.href, host: url.protocol === "mailto:" ? url.pathname : url.host };
  } catch {
    return null; // relative to this page, which no model knows
  }
}
