import type { Page } from "@playwright/test";
import { answers, ask, message, newChat, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

// Every state that a conversation can be in (frontend.md 3.5): its words, axe, and a picture, in every look.

async function asked(
  page: Page,
  text: string,
  model = "claude-sonnet",
): Promise<void> {
  await newChat(page);
  await pick(page, model);
  await ask(page, text);
}

test("empty: the field, the model, and what it costs", async ({
  app,
  accessible,
  picture,
}) => {
  await newChat(app);
  await pick(app, "gpt-mini");
  await expect(
    app.getByText(
      "Ask anything. Runs on gpt-mini at $0.25 / $2.00 per million tokens.",
    ),
  ).toBeVisible();
  await accessible(app);
  await picture("state-empty");
});

test("waiting: for whom and how long, and Stop from the start", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("take your time", { pieces: ["At last."], holdAfter: 0 });
  await app.clock.install();
  await asked(app, "take your time");
  await expect(app.getByRole("button", { name: /^Stop/ })).toBeVisible();
  await app.clock.fastForward(4_000);
  await expect(answers(app).last()).toContainText(/Waiting for openai, [4-9] s/);
  await accessible(app);
  await picture("state-waiting");
  stack.upstream.release();
  await expect(answers(app).last()).toContainText("At last.");
});

test("ended early: what there is stays, and it can be continued", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("be brief", {
    pieces: ["This is only half of"],
    finish: "length",
  });
  await asked(app, "be brief");
  await expect(answers(app).last()).toContainText("This is only half of");
  await expect(answers(app).last()).toContainText(
    "The provider ended early (length).",
  );
  await expect(app.getByRole("button", { name: /^Continue/ })).toBeVisible();
  await accessible(app);
  await picture("state-ended-early");
});

test("cut: a stream that breaks never looks finished, and keeps its text", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("break off", {
    pieces: ["Half ", "of ", "it"],
    cutAfter: 2,
  });
  await asked(app, "break off");
  await expect(answers(app).last()).toContainText("Half of");
  await expect(answers(app).last()).toHaveAttribute("data-status", /cut|error/);
  await expect(
    answers(app)
      .last()
      .getByRole("button", { name: /Continue|Retry|Try again|again/i })
      .first(),
  ).toBeVisible();
  await accessible(app);
  await picture("state-cut");
});

test("no key: the variable to set, and where", async ({
  app,
  accessible,
  picture,
}) => {
  await newChat(app);
  await app.keyboard.press("Control+;");
  const dialog = app.getByRole("dialog", { name: "Choose a model" });
  await dialog
    .getByRole("combobox", { name: "Find a model" })
    .fill("unset-key");
  await dialog.getByRole("option", { name: /^unset-key,/ }).click();
  await expect(dialog).toContainText(
    "Put GROQ_API_KEY in .env; it is picked up without a restart.",
  );
  await accessible(app);
  await picture("state-no-key");
});

test("key refused: whose, and which variable to check", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("wrong key", {
    status: 401,
    error: {
      message: "Incorrect API key provided",
      type: "invalid_request_error",
      code: "invalid_api_key",
    },
  });
  await asked(app, "wrong key");
  await expect(answers(app).last()).toContainText(
    "OpenAI refused the gateway's key (401).",
  );
  await expect(answers(app).last()).toContainText("Check the key of OpenAI.");
  await expect(answers(app).last()).toContainText("Incorrect API key provided");
  await accessible(app);
  await picture("state-key-refused");
});

test("rate limited: counts down and tries once more by itself", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("too fast", {
    status: 429,
    headers: { "retry-after": "3" },
    error: { message: "Slow down", type: "rate_limit_error", code: null },
  });
  await asked(app, "too fast");
  await expect(answers(app).last()).toContainText(/Trying again in \d+ s/);
  await accessible(app);
  await picture("state-rate-limited");
  stack.upstream.on("too fast", { pieces: ["Now it goes."] });
  await expect(answers(app).last()).toContainText("Now it goes.", {
    timeout: 20_000,
  });
});

test("provider down: what failed, and another model to take", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("are you there", {
    status: 503,
    error: { message: "overloaded", type: "server_error", code: null },
  });
  await asked(app, "are you there", "gpt-mini");
  await expect(answers(app).last()).toHaveAttribute("data-status", "error");
  await expect(answers(app).last()).toContainText(/openai/);
  await expect(
    answers(app)
      .last()
      .getByRole("button")
      .filter({ hasText: /▸|again|Switch|Retry/i })
      .first(),
  ).toBeVisible();
  await accessible(app);
  await picture("state-provider-down");
});

test("stopped by the provider's filter: the words say so", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("something bad", {
    pieces: ["I was about to"],
    finish: "content_filter",
  });
  await asked(app, "something bad");
  await expect(answers(app).last()).toContainText(/filter/i);
  await accessible(app);
  await picture("state-filtered");
});

test("too long: how long, how much fits, and what to do", async ({
  app,
  accessible,
  picture,
}) => {
  await newChat(app);
  await pick(app, "small-context");
  await message(app).fill("word ".repeat(3_000));
  await expect(app.getByText(/tokens; small-context takes/)).toBeVisible({
    timeout: 15_000,
  });
  await accessible(app);
  await picture("state-too-long");
});

test("offline: the thread stays, the message waits", async ({
  app,
  stack,
  context,
  accessible,
  picture,
}) => {
  stack.upstream.on("after the tunnel", { pieces: ["Welcome back."] });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await context.setOffline(true);
  await message(app).fill("after the tunnel");
  await app.getByRole("button", { name: /^(Send|Queue)/ }).click();
  await expect(
    app.getByText("Offline. What you send waits here."),
  ).toBeVisible();
  await expect(
    app.getByText("Waits here until the server answers"),
  ).toBeVisible();
  await accessible(app);
  await picture("state-offline");
  await context.setOffline(false);
  await expect(answers(app).last()).toContainText("Welcome back.", {
    timeout: 20_000,
  });
});
