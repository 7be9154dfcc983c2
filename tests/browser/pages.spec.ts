import { newChat, receipt, ask, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

const pages = [
  ["models", "/models"],
  ["model", "/models/claude-sonnet"],
  ["model-without-key", "/models/unset-key"],
  ["usage", "/usage"],
  ["settings-you", "/settings/you"],
  ["settings-models", "/settings/models"],
  ["settings-prompts", "/settings/prompts"],
  ["settings-data", "/settings/data"],
  ["settings-keys", "/settings/keys"],
  ["compare-new", "/compare/new"],
  ["not-found", "/no/such/page"],
] as const;

test("every page has a heading, nothing for axe to say, and no sideways scroll", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  test.setTimeout(120_000);
  stack.upstream.on("for the usage page", { pieces: ["Spent."] });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "for the usage page");
  await expect(receipt(app)).toBeVisible();
  for (const [name, path] of pages)
    await test.step(name, async () => {
      await app.goto(path);
      await expect(app.getByRole("heading", { level: 1 })).toHaveCount(1);
      await expect(app.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
      await accessible(app);
      await picture(`page-${name}`);
      const wide = await app.evaluate(
        () => document.documentElement.scrollWidth - innerWidth,
      );
      expect(wide, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
    });
});

test("the receipt opens as a bill, and why this opens the stations", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("with a bill", {
    pieces: ["There ", "you ", "go."],
    reasoning: ["Let me think."],
    usage: { prompt: 812, completion: 391, cached: 600 },
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "with a bill");
  await receipt(app).click();
  await accessible(app);
  await picture("bill");
  await app.getByRole("button", { name: "why this?" }).click();
  await accessible(app);
  await picture("stations");
});

test("@once a person's own prompt waits on the first page, and a setting outlives the reload", async ({
  app,
}) => {
  await app.goto("/settings/keys");
  const letters = app.getByRole("checkbox").or(app.getByRole("switch")).first();
  await letters.click();
  await app.waitForLoadState("networkidle");
  await app.reload();
  await app.goto("/models");
  await app.locator("h1").click();
  await app.keyboard.press("n");
  await expect(app).toHaveURL(/\/models/);
  await app.goto("/settings/keys");
  await letters.click();
  await app.waitForLoadState("networkidle");
});
