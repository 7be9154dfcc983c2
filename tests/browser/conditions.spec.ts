import { answers, ask, message, newChat, pick, receipt } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

// Under what else people use it: two tabs, a slow network, paper, their own colours, and a large zoom.

test("@once a second tab with the same conversation follows the answer, and nobody is asked twice", async ({
  app,
  stack,
  context,
}) => {
  stack.upstream.on("seen twice", { pieces: ["Half ", "and half."], holdAfter: 1 });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "seen twice");
  await expect(answers(app).last()).toContainText("Half");
  const other = await context.newPage();
  await other.goto(app.url());
  await expect(answers(other).last()).toContainText("Half");
  stack.upstream.release();
  for (const page of [app, other]) {
    await expect(answers(page).last()).toContainText("Half and half.");
    await expect(receipt(page)).toBeVisible();
  }
  expect(stack.upstream.asked.filter(({ text }) => text === "seen twice")).toHaveLength(1);
  await other.close();
});

test("@once on a slow network there is a skeleton, then the conversation", async ({ app, stack, context }) => {
  stack.upstream.on("over a thin line", { pieces: ["Slow ", "and sure."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "over a thin line");
  await expect(receipt(app)).toBeVisible();
  const session = await context.newCDPSession(app);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 2_000,
    downloadThroughput: 50_000,
    uploadThroughput: 50_000,
  });
  // Everything but the conversation itself is in the browser's cache by now, as on a second visit.
  await app.reload({ waitUntil: "commit" });
  await expect(app.getByRole("status", { name: "Loading the conversation" })).toBeVisible({ timeout: 30_000 });
  await expect(answers(app).last()).toContainText("Slow and sure.", { timeout: 30_000 });
  await expect(app.getByRole("status", { name: "Loading the conversation" })).toHaveCount(0);
});

test("@once on paper there is the whole conversation, and nothing that can only be clicked", async ({ app, stack }) => {
  stack.upstream.on("for the file", { pieces: Array.from({ length: 60 }, (_, index) => `line ${index}\n\n`) });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "for the file");
  await expect(receipt(app)).toBeVisible();
  await app.emulateMedia({ media: "print" });
  await expect(message(app)).toBeHidden();
  await expect(app.getByRole("link", { name: /New chat/ })).toBeHidden();
  await expect(app.getByText("for the file", { exact: true }).last()).toBeVisible();
  await expect(app.getByText("line 59")).toBeVisible();
  // Nothing is cut at the height of the window: the page itself is as long as the text.
  const [height, window] = await app.evaluate(() => [document.documentElement.scrollHeight, innerHeight] as const);
  expect(height).toBeGreaterThan(window * 2);
});

test("@once with the system's own colours the focus and the receipt can be seen", async ({ app, stack }) => {
  stack.upstream.on("in two colours", { pieces: ["Seen."] });
  await app.emulateMedia({ forcedColors: "active" });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "in two colours");
  await receipt(app).focus();
  await app.keyboard.press("Shift+Tab");
  await app.keyboard.press("Tab");
  await expect(receipt(app)).toBeFocused();
  const style = await receipt(app).evaluate((element) => {
    const { outlineStyle, outlineWidth, color } = getComputedStyle(element);
    return { outlineStyle, width: parseFloat(outlineWidth), color, ground: getComputedStyle(document.body).backgroundColor };
  });
  expect(style.outlineStyle).not.toBe("none");
  expect(style.width).toBeGreaterThanOrEqual(2);
  expect(style.color).not.toBe(style.ground);
});

test("@once at twice the size nothing has to be scrolled sideways", async ({ browser, stack }) => {
  stack.upstream.on("very large", { pieces: ["Large ", "letters."] });
  // 1280 px of a screen at 200 % are 640 px of the page.
  const context = await browser.newContext({
    baseURL: stack.url,
    viewport: { width: 640, height: 400 },
    deviceScaleFactor: 2,
  });
  try {
    const page = await context.newPage();
    await newChat(page);
    await pick(page, "gpt-mini");
    await ask(page, "very large");
    await expect(receipt(page)).toBeVisible();
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await wide()).toBeLessThanOrEqual(0);
    for (const path of ["/models", "/usage", "/settings/you", "/compare/new"]) {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
      expect(await wide(), path).toBeLessThanOrEqual(0);
    }
  } finally {
    await context.close();
  }
});
