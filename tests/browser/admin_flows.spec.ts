import type { Locator } from "@playwright/test";
import { expect, type Page, test } from "./support/admin.ts";

const SCRIPT = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>";

function rows(page: Page): Locator {
  return page.getByRole("table", { name: "Requests" }).getByRole("row");
}

function panel(page: Page): Locator {
  return page.getByRole("complementary", { name: "Request" });
}

/** Types into the filter line as a person does. */
async function filter(page: Page, text: string): Promise<void> {
  await page.getByRole("searchbox", { name: "Filter" }).fill(text);
  await page.keyboard.press("Enter");
}

test("@once what strangers wrote is text everywhere: nothing of it runs, and what hides is shown", async ({
  page,
  signIn,
}) => {
  await signIn();
  const title = await page.title();
  await expect(page.getByText("gpt⟨U+202E⟩4⟨U+200B⟩o").first()).toBeVisible();
  for (const path of ["", "spend?by=model", "spend?by=provider", "errors", "requests?status=502"]) {
    await page.goto(`./${path}`);
    await expect(page.getByText(SCRIPT, { exact: false }).first()).toBeAttached();
  }
  await rows(page).nth(1).getByRole("button").click();
  await expect(panel(page).getByText("javascript:alert(1)", { exact: false }).first()).toBeVisible();
  expect(await page.title()).toBe(title);
  expect(await page.locator("#root img, #root script, #root iframe").count()).toBe(0);
});

test("@once the filter line narrows the list, stands in the address, and says which word means nothing", async ({
  page,
  signIn,
}) => {
  await signIn("requests");
  await filter(page, "model:fast status:200");
  await expect(page).toHaveURL(/model=fast/);
  await expect(page).toHaveURL(/status=200/);
  await expect(rows(page).nth(1)).toContainText("fast");
  await expect(rows(page).filter({ hasText: "smart" })).toHaveCount(0);
  await filter(page, "colour:green");
  await expect(page.getByRole("alert").filter({ hasText: "colour:green means nothing here" })).toBeVisible();
  await filter(page, "kind:quota");
  await expect(rows(page).nth(1)).toContainText("429");
  await filter(page, "model:no-such-model");
  await expect(page.getByText("No request fits.")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await expect(page).not.toHaveURL(/model=/);
  await expect(rows(page).nth(5)).toBeVisible();
});

test("@once a pasted id is found whatever the time", async ({ page, asked, signIn }) => {
  const month = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const week = new Date(Date.now() - 7 * 86_400_000).toISOString();
  const { requests } = await asked<{ requests: { request_id: string }[] }>(`requests?from=${month}&to=${week}&limit=1`);
  const id = requests[0]?.request_id ?? "";
  await signIn("requests?last=1h");
  await filter(page, id);
  await expect(rows(page)).toHaveCount(2);
  await rows(page).nth(1).getByRole("button").click();
  await expect(panel(page).getByRole("heading", { name: id })).toBeVisible();
});

test("@once J and K walk through the filtered list while the row stays marked, and the address opens the same", async ({
  page,
  signIn,
}) => {
  await signIn("requests?model=fast");
  await expect(rows(page).nth(4)).toBeVisible();
  await page.keyboard.press("j");
  const head = panel(page).getByRole("heading", { level: 2 });
  const first = await head.textContent();
  await page.keyboard.press("j");
  await expect(head).not.toHaveText(first ?? "");
  const second = (await head.textContent()) ?? "";
  await expect(page).toHaveURL(new RegExp(`r=${second}`));
  await expect(page.locator('[role=row][aria-selected="true"]')).toHaveCount(1);
  await page.keyboard.press("k");
  await expect(head).toHaveText(first ?? "");
  await page.reload();
  await expect(head).toHaveText(first ?? "");
  await page.keyboard.press("Escape");
  await expect(panel(page)).toHaveCount(0);
});

test("@once a retried request shows its line, and its receipt is the ledger's row to the last digit", async ({
  page,
  asked,
  signIn,
}) => {
  type Detail = { request_id: string; spend: string; bill: { spend: string }[] };
  const listed = await asked<{ requests: (Detail & { end_user: string })[] }>("requests?limit=1000");
  const retried = listed.requests.find(({ end_user }) => end_user === "retried");
  const detail = await asked<Detail>(`requests/${retried?.request_id}`);
  await signIn(`requests?r=${detail.request_id}`);
  const line = panel(page).getByRole("list", { name: "Way of this call" });
  await expect(line.locator('[data-station="provider"]')).toHaveCount(2);
  await expect(line.locator('[data-station="provider"]').first()).toContainText("429 quota");
  await expect(panel(page).getByText("after 1 failed attempt")).toBeVisible();
  const charged = panel(page).locator("[data-spend]");
  await expect(charged).toHaveAttribute("data-spend", detail.spend);
  await expect(charged).toHaveText(`$${detail.spend}`);
});

test("@once dragging over the histogram looks closer, and one step back looks from afar again", async ({
  page,
  signIn,
}) => {
  await signIn("requests");
  const histogram = page.locator("[data-histogram]");
  await expect(histogram.locator("rect").nth(10)).toBeAttached();
  const box = await histogram.boundingBox();
  if (box === null) throw new Error("the histogram is not in view");
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
  const { searchParams } = new URL(page.url());
  const [from, to] = [Date.parse(searchParams.get("from") ?? ""), Date.parse(searchParams.get("to") ?? "")];
  await expect.poll(async () => rows(page).locator("time").first().getAttribute("datetime")).not.toBeNull();
  await expect
    .poll(async () => Date.parse((await rows(page).locator("time").first().getAttribute("datetime")) ?? ""))
    .toBeLessThan(to);
  for (const time of await rows(page).locator("time").all()) {
    expect(Date.parse((await time.getAttribute("datetime")) ?? "")).toBeGreaterThanOrEqual(from);
  }
  await page.goBack();
  await expect(page).not.toHaveURL(/from=/);
});

test("@once the list goes on as one scrolls", async ({ page, signIn }) => {
  await signIn("requests?last=30d");
  const table = page.getByRole("table", { name: "Requests" });
  await expect(table).toHaveAttribute("aria-rowcount", "201");
  const scroller = page.getByRole("region", { name: "Requests" });
  await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(table).toHaveAttribute("aria-rowcount", "401");
});

test("@once live shows a call that was just made", async ({ page, stage, asked, signIn }) => {
  const before = await asked<{ requests: unknown[] }>("requests?model=local-demo");
  await signIn("requests?model=local-demo");
  await page.getByRole("button", { name: "Live" }).click();
  await expect(page).toHaveURL(/live=on/);
  const answer = await page.request.post(`${stage.url}/v1/chat/completions`, {
    headers: { authorization: `Bearer ${stage.key}` },
    data: { model: "local-demo", messages: [{ role: "user", content: "hello" }] },
  });
  expect(answer.ok()).toBe(true);
  await expect(rows(page)).toHaveCount(before.requests.length + 2);
  await expect(rows(page).nth(1)).toContainText("local-demo");
});

test("@once an error group leads to the requests behind it", async ({ page, signIn }) => {
  await signIn("errors");
  const group = page.locator('[data-kind="key_refused"]');
  const link = group.getByRole("link", { name: /calls?$/ });
  const count = Number(/\d+/.exec((await link.textContent()) ?? "")?.[0]);
  await link.click();
  await expect(page).toHaveURL(/kind=key_refused/);
  await expect(rows(page)).toHaveCount(count + 1);
});

test("@once unusual spending is marked on the chart, named, and leads to the requests of that hour", async ({
  page,
  signIn,
}) => {
  await signIn();
  await expect(page.locator("[data-chart]").getByText("▲ smart 12 × usual")).toBeVisible();
  const item = page.getByRole("listitem").filter({ hasText: "Spend of smart" });
  await expect(item).toContainText("12 × usual, $0.012 in an hour and usually $0.001");
  await item.getByRole("link", { name: "requests" }).click();
  await expect(page).toHaveURL(/from=.*to=.*model=smart/);
});

test("@once totals are those of the gateway, in the zone that is chosen", async ({ page, asked, signIn }) => {
  await signIn("spend?last=7d&zone=Asia%2FKathmandu");
  const all = page.getByRole("table", { name: "Totals" }).locator("[data-spend]").first();
  await expect(all).toBeVisible();
  await page.getByText("Table of the same numbers").click();
  const days = page.getByRole("region", { name: /, table$/ }).getByRole("rowheader");
  const shown = (await days.first().textContent()) ?? "";
  const from = new Date(Date.now() - 7 * 86_400_000);
  const day = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Asia/Kathmandu",
    day: "numeric",
    month: "short",
  });
  expect(shown.startsWith(day.format(from))).toBe(true);
  await page.getByLabel("Time zone").selectOption("UTC");
  await expect(page).toHaveURL(/zone=UTC/);
  const total = await asked<{ total: { spend: string } }>(`usage?from=${from.toISOString()}`);
  const inDollars = Number(total.total.spend);
  await expect.poll(async () => Number(await all.getAttribute("data-spend"))).toBeCloseTo(inDollars, 2);
});

test("@once when the session ends the form comes back, and the page after it", async ({
  page,
  context,
  stage,
  signIn,
}) => {
  await signIn("requests?model=fast");
  await expect(rows(page).nth(1)).toBeVisible();
  await context.clearCookies();
  await page.getByRole("link", { name: "Errors" }).click();
  await page.getByLabel("Master key").fill(stage.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("list", { name: "Groups of errors" })).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Master key")).toBeVisible();
});

test("@once the key stays nowhere in the browser", async ({ page, context, stage, signIn }) => {
  await signIn();
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
  );
  expect(kept).not.toContain(stage.key);
  const [cookie] = await context.cookies(`${stage.url}/trunkline/usage`);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/trunkline" });
  expect(cookie?.value).not.toContain(stage.key);
  expect(await context.cookies(`${stage.url}/v1/models`)).toEqual([]);
});

test("@once when the gateway stops answering the page says so and keeps what it has", async ({ page, signIn }) => {
  await signIn("spend");
  await expect(page.getByRole("table", { name: "Totals" })).toBeVisible();
  await page.route("**/trunkline/usage**", async (route) => route.abort());
  await page.getByLabel("Grouped by").selectOption("provider");
  await expect(page.getByText("The gateway does not answer.", { exact: false })).toBeVisible({
    timeout: 15_000,
  });
  await page.unroute("**/trunkline/usage**");
  await page.getByRole("button", { name: "Ask again" }).click();
  await expect(page.getByRole("table", { name: "Totals" }).getByText("anthropic")).toBeVisible();
});

test("@once single letters are keys until they are switched off", async ({ page, signIn }) => {
  await signIn();
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page.getByRole("heading", { name: "Errors", level: 1 })).toBeVisible();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByLabel("Single letters are keys").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await expect(page.getByRole("heading", { name: "Errors", level: 1 })).toBeVisible();
});
