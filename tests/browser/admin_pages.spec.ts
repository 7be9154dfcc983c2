import { expect, test } from "./support/admin.ts";

// In one worker of each look: a stage with its past of thirty days takes longer to make than these take to run.
test.describe.configure({ mode: "default" });

test("sign-in says what to type, refuses a wrong key in words, and lets the right one in", async ({
  page,
  signIn,
  accessible,
  picture,
}) => {
  await page.goto("./errors");
  await expect(page.getByLabel("Master key")).toBeFocused();
  await accessible();
  await picture("sign-in");
  await page.getByLabel("Master key").fill("sk-wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "not the gateway's master key" })).toBeVisible();
  await signIn("errors");
  await expect(page.getByRole("heading", { name: "Errors", level: 1 })).toBeVisible();
});

test("overview shows one strip, one chart and one list", async ({ page, signIn, accessible, picture }) => {
  await signIn();
  await expect(page.getByText("Compared with the day before.")).toBeVisible();
  await expect(page.locator("[data-chart] svg.recharts-surface")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Needs you" })).toBeVisible();
  await expect(page.getByText("MISTRAL", { exact: false }).first()).toBeVisible();
  await accessible();
  await picture("overview");
  await page.getByRole("heading", { name: "Dearest" }).scrollIntoViewIfNeeded();
  await picture("overview-end");
});

test("requests are listed", async ({ page, signIn, accessible, picture }) => {
  await signIn("requests");
  await expect(page.getByRole("row").nth(3)).toBeVisible();
  await accessible();
  await picture("requests");
});

test("one request opens beside the list with its line and its receipt", async ({
  page,
  signIn,
  accessible,
  picture,
}) => {
  await signIn("requests?model=*&status=success");
  await page.getByRole("row").nth(1).getByRole("button").click();
  await expect(page.getByRole("list", { name: "Way of this call" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Cost by kind" })).toBeVisible();
  await accessible();
  await picture("request");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: "Request" })).toHaveCount(0);
});

test("errors come in groups with what to do", async ({ page, signIn, accessible, picture }) => {
  await signIn("errors");
  await expect(page.getByRole("list", { name: "Groups of errors" }).getByRole("listitem").first()).toBeVisible();
  await expect(page.getByText("Check the variable that the model's api_key names")).toBeVisible();
  await accessible();
  await picture("errors");
});

test("spend is a chart, a table of totals, and a table of the same numbers", async ({
  page,
  signIn,
  accessible,
  picture,
}) => {
  await signIn("spend?last=30d");
  const totals = page.getByRole("table", { name: "Totals" });
  await expect(totals.getByRole("row").nth(3)).toBeVisible();
  await expect(page.locator("[data-chart] svg.recharts-surface")).toBeVisible();
  await accessible();
  await picture("spend");
  await page.getByText("Table of the same numbers").click();
  await expect(page.getByRole("region", { name: /, table$/ })).toBeVisible();
  await accessible();
});
