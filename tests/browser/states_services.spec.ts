import { answers, ask, message, newChat, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

// The states of frontend.md 3.5 that are about what is behind the page: its services, its rights, its build.

test("gateway down: which service, since when, and that it is back", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  await newChat(app);
  await pick(app, "gpt-mini");
  await stack.stopGateway();
  try {
    const notice = app.getByText(
      /^The gateway does not answer \(since \d\d:\d\d\)\. Trying every 5 s\.$/,
    );
    await expect(notice).toBeVisible({ timeout: 30_000 });
    await test.step("the list of models stays, with its time", async () => {
      await app.keyboard.press("Control+;");
      const dialog = app.getByRole("dialog", { name: "Choose a model" });
      await expect(
        dialog.getByRole("option", { name: /^gpt-mini,/ }),
      ).toBeVisible();
      await app.keyboard.press("Escape");
    });
    await accessible(app);
    await picture("state-gateway-down");
    await stack.startGateway();
    await expect(notice).toBeHidden({ timeout: 30_000 });
  } finally {
    await stack.stopGateway();
    await stack.startGateway();
  }
});

test("stale page: says so, and keeps the draft over the reload", async ({
  app,
  accessible,
  picture,
}) => {
  await newChat(app);
  await message(app).fill("half a thought");
  await app.route("**/api/health", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as object;
    await route.fulfill({
      response: answer,
      json: { ...body, version: "a-later-one" },
    });
  });
  await expect(
    app.getByText(
      "A newer version is ready. Reload when you like; your draft is kept.",
    ),
  ).toBeVisible({ timeout: 15_000 });
  await accessible(app);
  await picture("state-stale");
  await app.getByRole("button", { name: "Reload", exact: true }).click();
  await expect(message(app)).toHaveValue("half a thought");
});

test("loading list: a skeleton while there is nothing to show yet, then the models", async ({
  app,
  accessible,
  picture,
}) => {
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  await app.route("**/api/models**", async (route) => {
    await held;
    await route.continue();
  });
  await newChat(app);
  await app.keyboard.press("Control+;");
  const dialog = app.getByRole("dialog", { name: "Choose a model" });
  await expect(
    dialog.getByRole("status", { name: "Loading models" }),
  ).toBeVisible();
  await accessible(app);
  await picture("state-loading-list");
  go();
  await expect(
    dialog.getByRole("option", { name: /^gpt-mini,/ }),
  ).toBeVisible();
});

test("budget: whose is used up, what to do, and the model that would do instead", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on(
    "spend it all",
    {
      status: 429,
      error: {
        message: "You exceeded your current quota",
        type: "insufficient_quota",
        code: "insufficient_quota",
      },
    },
    "anthropic-like",
  );
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "spend it all");
  const answer = answers(app).last();
  await expect(answer).toContainText("The account at OpenAI is used up.");
  await expect(answer).toContainText(
    "Add credit at OpenAI, or use a model of another provider.",
  );
  await accessible(app);
  await picture("state-budget");
  await answer.getByRole("button", { name: /^Use / }).click();
  await expect(answers(app).last()).not.toContainText("is used up");
});
