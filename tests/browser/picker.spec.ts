import { newChat } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";
import { Stack } from "./support/stack.ts";

test("the picker finds by name, price and readiness, by keys alone", async ({
  app,
  accessible,
  picture,
}) => {
  await newChat(app);
  await app.keyboard.press("Control+;");
  const dialog = app.getByRole("dialog", { name: "Choose a model" });
  const find = dialog.getByRole("combobox", { name: "Find a model" });
  const options = dialog.getByRole("option");
  await expect(find).toBeFocused();
  await expect(options.first()).toBeVisible();
  await accessible(app);
  await picture("picker");
  await test.step("filters narrow the list and say that they are on", async () => {
    await dialog.getByRole("button", { name: "images", exact: true }).click();
    await expect(
      dialog.getByRole("option", { name: /^gpt-mini,/ }),
    ).toHaveCount(0);
    await expect(
      dialog.getByRole("option", { name: /^claude-sonnet,/ }),
    ).toBeVisible();
    await dialog.getByRole("button", { name: "images", exact: true }).click();
    await dialog.getByRole("button", { name: "ready only" }).click();
    await expect(options.filter({ hasText: "unset-key" })).toHaveCount(0);
    await accessible(app);
    await dialog.getByRole("button", { name: "ready only" }).click();
  });
  await test.step("nothing found is said", async () => {
    await find.fill("no such model");
    await expect(dialog.getByText("No model matches.")).toBeVisible();
  });
  await test.step("arrows and Enter choose, and the focus returns", async () => {
    await find.fill("openai");
    await app.keyboard.press("ArrowDown");
    const active = await find.getAttribute("aria-activedescendant");
    const name = await app
      .locator(`[id="${active ?? ""}"]`)
      .getAttribute("data-model");
    await app.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(
      app.getByRole("button", { name: new RegExp(name ?? "none") }).first(),
    ).toBeVisible();
  });
});

test("@once three hundred models are found in at once, and only those in view are in the page", async ({
  page,
}) => {
  const stack = new Stack({ more: 300 });
  await stack.start();
  try {
    await newChat(page, stack.url);
    await page.keyboard.press("Control+;");
    const dialog = page.getByRole("dialog", { name: "Choose a model" });
    await expect(dialog.getByRole("option").first()).toBeVisible();
    expect(await dialog.getByRole("option").count()).toBeLessThan(60);
    await page.keyboard.press("End");
    await expect(dialog.getByRole("option").last()).toBeVisible();
    await dialog.getByRole("combobox").fill("model-217");
    await expect(dialog.getByRole("option")).toHaveCount(1);
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(
      page.getByRole("button", { name: /model-217/ }).first(),
    ).toBeVisible();
  } finally {
    await stack.stop();
  }
});
