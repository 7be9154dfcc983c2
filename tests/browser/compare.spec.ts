import type { Locator, Page } from "@playwright/test";
import type { Stack } from "./support/stack.ts";
import { expect, test } from "./support/fixtures.ts";

const column = (page: Page, letter: string): Locator =>
  page.getByRole("article", { name: new RegExp(`^Answer ${letter}`) });

async function compare(page: Page, models: string, q: string): Promise<void> {
  await page.goto(`/compare/new?models=${models}&q=${encodeURIComponent(q)}`);
  await page.getByRole("button", { name: /^Ask all/ }).click();
  await expect(page).toHaveURL(/\/compare\/[0-9A-Z]{26}/);
}

function answer(stack: Stack, q: string): void {
  stack.upstream.on(q, { pieces: ["Red ", "and green."] }, "anthropic-like");
  stack.upstream.on(q, { pieces: ["Red ", "and blue."] }, "mini-like");
}

test("answers stand side by side, a failed one keeps its place, and one can be gone on with", async ({
  app,
  stack,
  accessible,
  picture,
}, info) => {
  const phone = info.project.name.endsWith("390");
  answer(stack, "two colours");
  await compare(app, "claude-sonnet,gpt-mini,unset-key", "two colours");
  await test.step("columns, or tabs on a phone", async () => {
    if (phone) {
      const tabs = app.getByRole("tablist", { name: "Answers" });
      await expect(tabs.getByRole("tab")).toHaveCount(3);
      await expect(column(app, "A")).toContainText("Red and green.");
      await tabs.getByRole("tab").nth(2).click();
      await expect(column(app, "C")).toContainText("GROQ_API_KEY");
      await picture("compare-failed");
      await tabs.getByRole("tab").nth(1).click();
    } else {
      await expect(column(app, "A")).toContainText("Red and green.");
      await expect(column(app, "C")).toContainText("GROQ_API_KEY");
    }
    await expect(column(app, "B")).toContainText("Red and blue.");
  });
  await accessible(app);
  await picture("compare");
  await test.step("the facts, and nothing about quality", async () => {
    const facts = app.getByText(/costs? .*(less|more)/);
    await expect(facts).toBeVisible();
    await expect(facts).not.toContainText(/\bC\b/);
  });
  await test.step("the address keeps the layout", async () => {
    await app.getByRole("button", { name: "Diff", exact: true }).click();
    await expect(app).toHaveURL(/layout=diff/);
    await expect(app.locator("ins, [data-diff], del").first()).toBeVisible();
    await picture("compare-diff");
    await app.reload();
    await expect(app.getByRole("button", { name: "Diff", exact: true })).toHaveAttribute(
      "aria-pressed",
      "true",
    );
    await app.getByRole("button", { name: "Tabs", exact: true }).click();
    await expect(app).toHaveURL(/layout=tabs/);
    await app.getByRole("tab").nth(1).click();
  });
  await test.step("what failed cannot be the best", async () => {
    await expect(app.getByText("C failed: no vote.")).toBeVisible();
    await expect(app.getByRole("button", { name: /^C is best/ })).toHaveCount(0);
  });
  await test.step("vote, then go on with one", async () => {
    await app.getByRole("button", { name: /^B is best/ }).click();
    await expect(
      app.getByRole("button", { name: /^B is best/ }),
    ).toHaveAttribute("aria-pressed", "true");
    await app.getByRole("button", { name: "Continue with B" }).click();
    await expect(app).toHaveURL(/\/c\/[0-9A-Z]{26}/);
    await expect(app.getByRole("log")).toContainText("Red and blue.");
  });
});

test("@once a blind comparison hides names, prices and times until the vote", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  answer(stack, "guess who");
  await app.goto("/compare/new?models=claude-sonnet,gpt-mini&q=guess%20who");
  await app.getByRole("checkbox", { name: /^Blind/ }).check();
  await app.getByRole("button", { name: /^Ask all/ }).click();
  await expect(app).toHaveURL(/blind=/);
  const page = app.locator("[data-compare]");
  await expect(page).toContainText("Red and blue.");
  await expect(page).toContainText("Red and green.");
  await expect(page).not.toContainText(/claude-sonnet|gpt-mini|\$0/);
  await accessible(app);
  await picture("compare-blind");
  await app.getByRole("button", { name: /^A is best/ }).click();
  await expect(page).toContainText("claude-sonnet");
  await expect(page).toContainText("gpt-mini");
});

test("@once columns are reached, maximised and voted for by keys alone, and one can be asked by itself", async ({
  app,
  stack,
}) => {
  answer(stack, "by keys");
  stack.upstream.on("only you", { pieces: ["Just me."] });
  await compare(app, "claude-sonnet,gpt-mini", "by keys");
  await expect(column(app, "B")).toContainText("Red and blue.");
  await expect(column(app, "A")).toContainText("Red and green.");
  await app.getByRole("heading", { name: "by keys", level: 2 }).click();
  await app.keyboard.press("2");
  await expect(column(app, "B")).toBeFocused();
  await app.keyboard.press("m");
  await expect(column(app, "A")).toBeHidden();
  await app.keyboard.press("m");
  await expect(column(app, "A")).toBeVisible();
  await app.keyboard.press("v");
  await app.keyboard.press("0");
  await expect(app.getByRole("button", { name: /^Tie/ })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await app.getByRole("textbox", { name: "Ask the columns" }).fill("only you");
  await app.getByRole("button", { name: "Ask one…" }).click();
  await app.getByRole("menuitem", { name: "Ask only B" }).click();
  await expect(app.getByText("Just me.")).toBeVisible();
  expect(
    stack.upstream.asked.filter(({ text }) => text === "only you"),
  ).toHaveLength(1);
});
