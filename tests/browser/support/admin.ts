import { expect, type Page, test as base } from "@playwright/test";
import { AdminStage } from "./admin_stage.ts";
import { violations } from "./axe.ts";

interface Tools {
  /** Signs in by the form and waits for the page. */
  readonly signIn: (path?: string) => Promise<void>;
  /** What the gateway itself says below `/trunkline/`, asked with the key. */
  readonly asked: <Body>(path: string) => Promise<Body>;
  /** Fails when axe finds anything, or something is wider than the window. */
  readonly accessible: () => Promise<void>;
  /** Keeps a picture under test-results/pictures, to be looked at. */
  readonly picture: (name: string) => Promise<void>;
  readonly complaints: readonly string[];
}

/** A page of `/ui`; a violation of the content security policy, or an error of a script, fails the test. */
export const test = base.extend<Tools, { readonly stage: AdminStage }>({
  stage: [
    async ({}, use) => {
      const stage = new AdminStage();
      await stage.start();
      await use(stage);
      await stage.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  // Addresses in the tests are relative to it: "./errors".
  baseURL: async ({ stage }, use) => {
    await use(`${stage.url}/ui/`);
  },
  complaints: [
    async ({ page }, use) => {
      const found: string[] = [];
      page.on("pageerror", (error) => found.push(`error: ${error.message}`));
      page.on("console", (message) => {
        // The browser itself reports every answer of 4xx; tests look at those where they mean something.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
          found.push(message.text());
        }
      });
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
          console.error(`policy: ${violatedDirective} ${blockedURI}`);
        });
      });
      await use(found);
      expect(found).toEqual([]);
    },
    { auto: true },
  ],
  signIn: async ({ page, stage }, use) => {
    await use(async (path = "") => {
      await page.goto(`./${path}`);
      await page.getByLabel("Master key").fill(stage.key);
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    });
  },
  asked: async ({ page, stage }, use) => {
    await use(async <Body>(path: string) => {
      const headers = { authorization: `Bearer ${stage.key}` };
      const response = await page.request.get(`${stage.url}/trunkline/${path}`, { headers });
      expect(response.ok(), await response.text()).toBe(true);
      return (await response.json()) as Body; // the test names the shape that it looks at
    });
  },
  accessible: async ({ page }, use, info) => {
    await use(async () => {
      expect(await violations(page, info.project.name)).toEqual([]);
      const wider = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      expect(wider).toBeLessThanOrEqual(0);
    });
  },
  picture: async ({ page }, use, info) => {
    await use(async (name) => {
      await page.screenshot({ path: `../../test-results/pictures/admin-${name}-${info.project.name}.png` });
    });
  },
});

export { expect, type Page };
