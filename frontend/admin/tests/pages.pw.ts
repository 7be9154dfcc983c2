import { expect, expectAccessible, picture, signIn, test, URL_OF } from "./page";

test("sign-in says what to type, refuses a wrong key in words, and lets the right one in", async ({
  page,
}, info) => {
  await page.goto(URL_OF("/errors"));
  await expect(page.getByLabel("Master key")).toBeFocused();
  await expectAccessible(page);
  await picture(page, "sign-in", info.project.name);
  await page.getByLabel("Master key").fill("sk-wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "not the gateway's master key" })).toBeVisible();
  await signIn(page, "/errors");
  await expect(page.getByRole("heading", { name: "Errors", level: 1 })).toBeVisible();
});

test("overview shows one strip, one chart and one list", async ({ page }, info) => {
  await signIn(page);
  await expect(page.getByText("Compared with the day before.")).toBeVisible();
  await expect(page.locator("[data-chart] svg.recharts-surface")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Needs you" })).toBeVisible();
  await expect(page.getByText("MISTRAL", { exact: false }).first()).toBeVisible();
  await expectAccessible(page);
  await picture(page, "overview", info.project.name);
  await page.getByRole("heading", { name: "Dearest" }).scrollIntoViewIfNeeded();
  await picture(page, "overview-end", info.project.name);
});

test("requests are listed, and one opens with its line and its receipt", async ({ page }, info) => {
  await signIn(page, "/requests");
  await expect(page.getByRole("row").nth(3)).toBeVisible();
  await expectAccessible(page);
  await picture(page, "requests", info.project.name);
  await page.goto(URL_OF("/requests?model=*&status=success"));
  await page.getByRole("row").nth(1).getByRole("button").click();
  await expect(page.getByRole("list", { name: "Way of this call" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Cost by kind" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "request", info.project.name);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: "Request" })).toHaveCount(0);
});

test("errors come in groups with what to do", async ({ page }, info) => {
  await signIn(page, "/errors");
  await expect(
    page.getByRole("list", { name: "Groups of errors" }).getByRole("listitem").first(),
  ).toBeVisible();
  await expect(page.getByText("Check the variable that the model's api_key names")).toBeVisible();
  await expectAccessible(page);
  await picture(page, "errors", info.project.name);
});

test("spend is a chart, a table of totals, and a table of the same numbers", async ({ page }, info) => {
  await signIn(page, "/spend?last=30d");
  const totals = page.getByRole("table", { name: "Totals" });
  await expect(totals.getByRole("row").nth(3)).toBeVisible();
  await expect(page.locator("[data-chart] svg.recharts-surface")).toBeVisible();
  await expectAccessible(page);
  await picture(page, "spend", info.project.name);
  await page.getByText("Table of the same numbers").click();
  await expect(page.getByRole("region", { name: /, table$/ })).toBeVisible();
  await expectAccessible(page);
});
