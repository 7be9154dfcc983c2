import { answers, ask, message, newChat, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

test("? lists the keys", async ({ app, accessible, picture }) => {
  await newChat(app);
  await message(app).blur();
  await app.keyboard.press("?");
  const sheet = app.getByRole("dialog", { name: "Keyboard" });
  await expect(sheet).toContainText("Choose a model");
  await accessible(app);
  await picture("keyboard");
  await app.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
});

test("@once the conversation is read, repeated, branched and left by keys alone", async ({
  app,
  stack,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  stack.upstream.on("first by key", { pieces: ["One."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  await expect(message(app)).toBeFocused();
  await test.step("Shift+Enter is a line, Enter sends", async () => {
    await app.keyboard.type("first");
    await app.keyboard.press("Shift+Enter");
    await app.keyboard.type("by key");
    await expect(message(app)).toHaveValue("first\nby key");
    await message(app).fill("first by key");
    await app.keyboard.press("Enter");
    await expect(answers(app).last()).toContainText("One.");
  });
  await test.step("K and J go through the messages, Y copies", async () => {
    await message(app).blur();
    await app.keyboard.press("k");
    await expect(answers(app).last()).toBeFocused();
    await app.keyboard.press("y");
    await expect
      .poll(() => app.evaluate(() => navigator.clipboard.readText()))
      .toBe("One.");
    await app.keyboard.press("k");
    await expect(answers(app).first()).toBeFocused();
    await app.keyboard.press("j");
    await expect(answers(app).last()).toBeFocused();
  });
  await test.step("R answers again, [ and ] go between the versions", async () => {
    stack.upstream.on("first by key", { pieces: ["Two."] });
    await app.keyboard.press("r");
    await expect(answers(app).last()).toContainText("Two.");
    await app.keyboard.press("[");
    await expect(answers(app).last()).toContainText("One.");
    await app.keyboard.press("]");
    await expect(answers(app).last()).toContainText("Two.");
  });
  await test.step("arrow up in the empty field edits, Escape leaves", async () => {
    await message(app).focus();
    await app.keyboard.press("ArrowUp");
    const editor = app.getByRole("textbox", { name: "Edit your message" });
    await expect(editor).toBeFocused();
    await app.keyboard.press("Escape");
    await expect(editor).toBeHidden();
  });
  await test.step("Escape stops an answer", async () => {
    stack.upstream.on("hold on", {
      pieces: ["Some ", "text"],
      holdAfter: 1,
    });
    await ask(app, "hold on");
    await expect(answers(app).last()).toContainText("Some");
    await app.keyboard.press("Escape");
    await expect(answers(app).last()).toContainText("You stopped it.");
    stack.upstream.release();
  });
  await test.step("C and N leave", async () => {
    await message(app).blur();
    await app.keyboard.press("c");
    await expect(app).toHaveURL(/\/compare\/new/);
    await app.locator("h1").click();
    await app.keyboard.press("n");
    await expect(message(app)).toBeFocused();
  });
});

test("@once Enter within a composition of characters does not send", async ({
  app,
  stack,
}) => {
  await newChat(app);
  await pick(app, "gpt-mini");
  const before = stack.upstream.asked.length;
  await message(app).fill("にほん");
  await message(app).dispatchEvent("keydown", {
    key: "Enter",
    keyCode: 229,
    isComposing: true,
    bubbles: true,
  });
  await expect(message(app)).toHaveValue("にほん");
  await expect(answers(app)).toHaveCount(0);
  expect(stack.upstream.asked).toHaveLength(before);
});
