import AxeBuilder from "@axe-core/playwright";
import { expect, test as base, type Page } from "@playwright/test";

export const URL_OF = (path: string): string => `${process.env["STAGE_URL"]}/ui${path}`;
export const KEY = (): string => process.env["STAGE_KEY"] ?? "";

/** What a policy or a script complained about; every test ends with none of it. */
interface Complaints {
  complaints: string[];
}

/** A page that is watched: a violation of the content security policy, or an error of a script, fails the test. */
export const test = base.extend<Complaints>({
  complaints: [
    async ({ page }, use) => {
      const found: string[] = [];
      page.on("pageerror", (error) => found.push(`error: ${error.message}`));
      page.on("console", (message) => {
        // The browser reports every answer of 4xx on its own; tests look at those themselves.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
          found.push(message.text());
      });
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`);
        });
      });
      await use(found);
      expect(found).toEqual([]);
    },
    { auto: true },
  ],
});

/** Signs in by the form and waits for the page. */
export async function signIn(page: Page, path = ""): Promise<void> {
  await page.goto(URL_OF(path));
  await page.getByLabel("Master key").fill(KEY());
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
}

/** No violation that axe can find, and nothing wider than the window. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const said = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
  // The kit's receipt says its figures in words ("cost $0.0083") where it shows signs ("$0.0083").
  expect(said.filter((one) => !/^label-content-name-mismatch: .*aria-label="Receipt: /.test(one))).toEqual(
    [],
  );
  const wider = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(wider).toBeLessThanOrEqual(0);
}

/** A picture of the window, for people to look at (`SHOTS=folder`). */
export async function picture(page: Page, name: string, project: string): Promise<void> {
  const folder = process.env["SHOTS"];
  if (folder !== undefined)
    await page.screenshot({ path: `${folder}/admin-${name}-${project.replace(" ", "-")}.png` });
}

export { expect };
