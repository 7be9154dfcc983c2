import { answers, ask, message, newChat, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

// The states of frontend.md 3.5 that are about what is behind the page: its services, its rights, its build.

/** The page asks for the health of what is behind it so often. */
const POLL_MS = 5_000;

test("gateway down: which service, since when, and that it is back", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  await app.clock.install();
  await newChat(app);
  await pick(app, "gpt-mini");
  await stack.stopGateway();
  let isBack = false;
  try {
    await app.clock.fastForward(POLL_MS);
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
    isBack = true;
    await app.clock.fastForward(POLL_MS);
    await expect(notice).toBeHidden({ timeout: 30_000 });
  } finally {
    if (!isBack) await stack.startGateway();
  }
});

test("stale page: says so, and keeps the draft over the reload", async ({
  app,
  accessible,
  picture,
}) => {
  await app.clock.install();
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
  await app.clock.fastForward(POLL_MS);
  await expect(
    app.getByText(
      "A newer version is ready. Reload when you like; your draft is kept.",
    ),
  ).toBeVisible({ timeout: 15_000 });
  await accessible(app);
  await picture("state-stale");
  await app.unrouteAll({ behavior: "wait" });
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

test("no permission: the model is listed, with who can grant it, and cannot be used", async ({
  app,
  accessible,
  picture,
}) => {
  await app.route("**/api/models**", async (route) => {
    const answer = await route.fetch();
    const list = (await answer.json()) as { models: { id: string }[] };
    const models = list.models.map((model) =>
      model.id === "claude-sonnet"
        ? {
            ...model,
            allowed: false,
            reason: "Your key may not use this model.",
            fix: "Ask the owner of team Support.",
          }
        : model,
    );
    await route.fulfill({ response: answer, json: { ...list, models } });
  });
  await newChat(app);
  await app.keyboard.press("Control+;");
  const dialog = app.getByRole("dialog", { name: "Choose a model" });
  const option = dialog.getByRole("option", {
    name: /^claude-sonnet, .*not allowed/,
  });
  await option.click();
  await expect(dialog).toContainText("Your key may not use this model.");
  await expect(dialog).toContainText("Ask the owner of team Support.");
  await expect(dialog.getByRole("button", { name: /^Use/ })).toHaveCount(0);
  await accessible(app);
  await picture("state-no-permission");
  await app.unrouteAll({ behavior: "wait" });
});
