import { answers, ask, newChat, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

test("the palette finds a message of any conversation, and the page opens there", async ({
  app,
  stack,
  accessible,
  picture,
}, info) => {
  const word = `zebra${info.project.name.replaceAll("-", "")}`;
  stack.upstream.on(word, { pieces: ["Stripes, ", "mostly."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, `tell me of the ${word}`);
  await expect(answers(app).last()).toContainText("Stripes, mostly.");
  await newChat(app);
  await app.keyboard.press("Control+k");
  const dialog = app.getByRole("dialog", { name: "Search and commands" });
  await expect(dialog.getByText("Recent")).toBeVisible();
  await accessible(app);
  await picture("palette");
  await dialog.getByRole("combobox").fill(word);
  const hit = dialog.getByRole("option").filter({ hasText: word }).first();
  await expect(hit.locator("mark").first()).toHaveText(word);
  await accessible(app);
  await picture("palette-found");
  await hit.click();
  await expect(app).toHaveURL(/\/c\/[0-9A-Z]{26}/);
  await expect(answers(app).first()).toContainText(word);
  await test.step("find in the thread counts and paints the matches", async () => {
    await app.keyboard.press("Control+f");
    await app
      .getByRole("searchbox", { name: "Find in this conversation" })
      .fill("stripes");
    await expect(app.getByText("1 of 1")).toBeVisible();
    expect(
      await app.evaluate(() => CSS.highlights.get("found-now")?.size),
    ).toBe(1);
    await accessible(app);
    await picture("find");
    await app.keyboard.press("Escape");
    await expect(app.getByRole("searchbox")).toBeHidden();
  });
});

test("@once a command of the palette is done by its name", async ({ app }) => {
  await newChat(app);
  await app.keyboard.press("Control+k");
  const dialog = app.getByRole("dialog", { name: "Search and commands" });
  await dialog.getByRole("combobox").fill("dark");
  await app.keyboard.press("Enter");
  await expect(app.locator("html")).toHaveAttribute("data-theme", "dark");
});
