import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Rules about colours: all of axe that a theme can change. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** Looks that meet every rule: each theme and each width is among them, so the others differ in nothing but colours. */
const WHOLE = ["light-1280", "dark-390"];

/**
 * What axe says of the page as it is now, one line for each element.
 * Names, roles, order and sizes of targets depend on the width, contrast on the theme and on what is shown: so two looks
 * meet all rules and the other two those about colours, and nothing is missed.
 */
export async function violations(page: Page, look: string): Promise<readonly string[]> {
  const runOnly = WHOLE.includes(look)
    ? { type: "tag" as const, values: TAGS }
    : { type: "rule" as const, values: COLOUR_RULES };
  const found = await new AxeBuilder({ page })
    // The browser's own list of 400 time zones takes axe half a minute and has nothing of ours in it.
    .exclude("option:not([role])")
    .options({ runOnly, resultTypes: ["violations"] })
    // One page without frames: no need of a second, blank page to put results together in.
    .setLegacyMode()
    .analyze();
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
