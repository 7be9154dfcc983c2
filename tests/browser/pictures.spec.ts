import { answers, ask, newChat, pick, receipt } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";

// The pictures of the documentation: `PICTURES=1 make test-browser ARGS='pictures.spec.ts --project light-1280'`.
const folder = "../../docs/pictures";
const keep = process.env["PICTURES"] === "1";

test("@once the pictures of the documentation can be taken", async ({
  app,
  stack,
}) => {
  const policy =
    "You can return anything within 30 days of delivery.\n\n- Unused, in its packaging: full refund.\n- Opened: we deduct what it lost in value.\n\nWe pay the way back. Your money is with you 5 days after the parcel is with us.";
  stack.upstream.on("refund policy shorter", {
    reasoning: ["Keep the 30 days; ", "two cases; ", "say who pays."],
    pieces: policy.split(/(?<= )/),
    usage: { prompt: 812, completion: 391, cached: 600 },
  });
  stack.upstream.on("subject line", {
    pieces: ["**Returns made simple: ", "30 days, ", "we pay the way back**"],
    usage: { prompt: 1240, completion: 14 },
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "Make the refund policy shorter; keep the 30 days.");
  await expect(receipt(app)).toBeVisible();
  await pick(app, "gpt-mini");
  await ask(app, "Write a subject line for the mail about it.");
  await expect(answers(app)).toHaveCount(4);
  await expect(receipt(app)).toBeVisible();
  await expect(app.getByRole("button", { name: /^Receipt:/ })).toHaveCount(2);
  await expect(app.getByRole("button", { name: "Stop", exact: true })).toBeHidden();
  await app
    .getByRole("log", { name: "Conversation" })
    .getByText("You can return anything")
    .scrollIntoViewIfNeeded();
  await app.mouse.move(760, 300);
  await app.mouse.wheel(0, -2_000);
  if (keep) await app.screenshot({ path: `${folder}/chat.png` });

  stack.upstream.on(
    "Explain idempotency",
    {
      pieces: [
        "Think of a coat check: ",
        "however often you show your ticket, ",
        "you get one coat, ",
        "and it is yours.",
      ],
    },
    "mini-like",
  );
  stack.upstream.on(
    "Explain idempotency",
    {
      pieces: [
        "An idempotency key ",
        "is a number that you put on a request, ",
        "so that sending it twice ",
        "charges the customer once.",
      ],
    },
    "anthropic-like",
  );
  await app.goto(
    `${stack.url}/compare/new?models=claude-sonnet,gpt-mini,unset-key&q=${encodeURIComponent("Explain idempotency keys to a product manager, in one sentence.")}`,
  );
  await app
    .getByRole("button", { name: /^Ask all/ })
    .last()
    .click();
  await expect(
    app.getByText("charges the customer once.").first(),
  ).toBeVisible();
  await expect(app.getByText("and it is yours.").first()).toBeVisible();
  await expect(app.getByRole("button", { name: /^A is best/ })).toBeVisible();
  if (keep) await app.screenshot({ path: `${folder}/compare.png` });

  stack.upstream.on("are you there", {
    status: 503,
    error: {
      message: "The engine is currently overloaded",
      type: "server_error",
      code: null,
    },
  });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await ask(app, "are you there");
  await expect(answers(app).last()).toHaveAttribute("data-status", "error");
  await expect(app.getByRole("button", { name: "Stop", exact: true })).toBeHidden();
  if (keep) await app.screenshot({ path: `${folder}/error.png` });
});
