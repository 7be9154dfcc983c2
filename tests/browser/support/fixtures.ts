import { expect, type Page, test as base } from "@playwright/test";
import { violations } from "./axe.ts";
import { Stack } from "./stack.ts";

interface Tools {
  /** The page, with its violations of the content security policy and its script errors counted. */
  readonly app: Page;
  /** Fails when axe finds anything, in the page as it is now. */
  readonly accessible: (page: Page) => Promise<void>;
  /** Keep a picture under test-results/pictures, to be looked at. */
  readonly picture: (name: string) => Promise<void>;
}

export const test = base.extend<Tools, { readonly stack: Stack }>({
  stack: [
    async ({}, use) => {
      const stack = new Stack();
      await stack.start();
      await use(stack);
      await stack.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  baseURL: async ({ stack }, use) => {
    await use(stack.url);
  },
  app: async ({ page, stack }, use) => {
    // Tests of one worker share its stack: none may see what another left, whatever their order.
    await stack.reset();
    const errors: string[] = [];
    page.on("pageerror", (error) =>
      errors.push(`script error: ${error.message}`),
    );
    page.on("console", (message) => {
      if (/Content Security Policy|violates/.test(message.text()))
        errors.push(message.text());
    });
    await use(page);
    expect(errors).toEqual([]);
  },
  accessible: async ({}, use, info) => {
    await use(async (page) => {
      expect(await violations(page, info.project.name)).toEqual([]);
    });
  },
  picture: async ({ page }, use, info) => {
    await use(async (name) => {
      await page.screenshot({
        path: `../../test-results/pictures/${name}-${info.project.name}.png`,
      });
    });
  },
});

export { expect };
