import { expect, type Locator, type Page } from "@playwright/test";
import type { Stack } from "./stack.ts";

export const message = (page: Page): Locator =>
  page.getByRole("textbox", { name: "Message" });
export const answers = (page: Page): Locator =>
  page.getByRole("log", { name: "Conversation" }).getByRole("article");

/** Open a new chat and wait until it can be typed in. */
export async function newChat(page: Page, path = "/"): Promise<void> {
  await page.goto(path);
  await expect(message(page)).toBeVisible();
}

export async function pick(page: Page, model: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Choose a model" });
  await expect(async () => {
    // The page listens for keys a moment after it shows.
    if (!(await dialog.isVisible())) await page.keyboard.press("Control+;");
    await expect(dialog).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await dialog.getByRole("combobox", { name: "Find a model" }).fill(model);
  await dialog.getByRole("option", { name: new RegExp(`^${model},`) }).click();
  // A model that is not ready shows why and asks once more; any other closes the dialog.
  const use = dialog.getByRole("button", { name: "Use" });
  await expect(async () => {
    if (await use.isVisible()) await use.click({ timeout: 1_000 });
    await expect(dialog).toBeHidden({ timeout: 1_000 });
  }).toPass();
}

export async function ask(page: Page, text: string): Promise<void> {
  await message(page).fill(text);
  // What is still on its way ("40 % of 2 kB") holds the message back.
  const onTheirWay = page.getByRole("list", { name: "Files" }).getByText(/^\d+ % of/);
  await expect(onTheirWay).toHaveCount(0);
  await page.getByRole("button", { name: "Send" }).click();
}

/** The receipt of the last answer, once it is there. */
export function receipt(page: Page): Locator {
  return page.getByRole("button", { name: /^Receipt:/ }).last();
}

interface Stored {
  readonly role: string;
  readonly content: string;
  readonly status: string;
  readonly receipt: {
    readonly cost_nano: string | null;
    readonly settled: boolean;
    readonly call_id: string | null;
  } | null;
}

/** The messages of the open conversation as the API has them. */
export async function stored(
  page: Page,
  stack: Stack,
): Promise<readonly Stored[]> {
  const id = /\/c\/([0-9A-Z]{26})/.exec(page.url())?.[1];
  expect(id, page.url()).toBeDefined();
  const answer = await page.request.get(
    `${stack.url}/api/conversations/${id ?? ""}`,
  );
  return ((await answer.json()) as { messages: Stored[] }).messages;
}
