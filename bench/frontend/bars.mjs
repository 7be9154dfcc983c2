// The bars of the chat, measured: a conversation of 1,000 messages, a processor four times slower, 60 tokens a second.
//   . scripts/node.sh; node bench/frontend/bars.mjs [--messages 1000]
// Prints figure and bar; ends with status 1 when one was missed, or when it takes longer than five minutes. What else
// keeps the processor busy counts four times: tasks and keys mean something on a quiet machine only.
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { chromium as chromiumPath } from "../../tests/browser/support/chromium.ts";
import { Stack } from "../../tests/browser/support/stack.ts";
import { conversation } from "./conversation.mjs";

const { chromium } = createRequire(new URL("../../frontend/package.json", import.meta.url))("@playwright/test");
const { values } = parseArgs({ options: { messages: { type: "string", default: "1000" } } });
const SLOWDOWN = 4;
const ANSWERS = 10;
const LIMIT_MS = 300_000;
const WORDS = Array.from({ length: 300 }, (_, index) => (index % 25 === 24 ? "and.\n\n" : `word${index} `));

const percentile = (numbers, part) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * part)] ?? 0;

/** Runs in the page before its own scripts: long tasks, delays of keys, and changes of finished answers. */
function watch() {
  const seen = { tasks: [], keys: [], changed: 0 };
  window.bars = seen;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.tasks.push(duration);
  }).observe({ type: "longtask" });
  document.addEventListener(
    "keydown",
    ({ timeStamp }) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => seen.keys.push(performance.now() - timeStamp);
      // The message comes after the frame has been painted.
      requestAnimationFrame(() => channel.port2.postMessage(null));
    },
    { capture: true },
  );
}

/** Counts every change inside of answers that are finished by now. */
function countChanges() {
  window.bars.changed = 0;
  const observer = new MutationObserver((changes) => {
    window.bars.changed += changes.length;
  });
  for (const text of document.querySelectorAll("[data-role=assistant]:not([aria-busy]) [data-text]"))
    observer.observe(text, { subtree: true, childList: true, characterData: true, attributes: true });
}

async function heapMb(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize / 1e6;
}

async function main(stack) {
  const id = await conversation(stack, Number(values.messages));
  for (let index = 0; index < ANSWERS; index += 1)
    stack.upstream.on(`go ${index} now`, { pieces: [...WORDS, `end${index}`], gap: 1000 / 60 });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const session = await page.context().newCDPSession(page);
    await page.addInitScript(watch);
    await page.goto(stack.url); // the second visit is what a person has: the files are there
    await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    const last = page.locator("[data-role=assistant]").last();
    const rail = page.getByRole("link", { name: `${values.messages} messages` });
    await rail.waitFor();
    const open = await page.evaluate(async (name) => {
      const link = [...document.querySelectorAll("aside a")].find((each) => each.textContent.includes(name));
      const from = performance.now();
      link.click();
      while (document.querySelector("[data-role=assistant] [data-text]") === null)
        await new Promise((resolve) => requestAnimationFrame(resolve));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - from;
    }, `${values.messages} messages`);
    await page.waitForURL(`**/c/${id}`);
    const field = page.getByRole("textbox", { name: "Message" });
    await page.keyboard.press("Control+;");
    const find = page.getByRole("combobox", { name: "Find a model" });
    await find.fill("gpt-mini");
    await page.getByRole("option", { name: /^gpt-mini,/ }).click();
    await find.waitFor({ state: "hidden" });
    await field.click();
    const before = await heapMb(session);
    let tasks = [];
    let keys = [];
    let changed = 0;
    for (let index = 0; index < ANSWERS; index += 1) {
      progress = `answer ${index + 1} of ${ANSWERS}`;
      await field.fill(`go ${index} now`);
      await page.keyboard.press("Enter");
      await last.getByText("word5 ").first().waitFor();
      await page.evaluate(() => {
        window.bars.tasks = [];
        window.bars.keys = [];
      });
      await page.evaluate(countChanges);
      await page.keyboard.type("what one types while it writes ", { delay: 60 });
      await last.getByText("word250 ").first().waitFor({ timeout: 60_000 });
      const seen = await page.evaluate(() => window.bars);
      tasks = tasks.concat(seen.tasks);
      keys = keys.concat(seen.keys);
      changed += seen.changed;
      await page.getByRole("button", { name: /^Receipt:/ }).last().waitFor();
      await page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });
    }
    const after = await heapMb(session);
    const nodes = await page.evaluate(() => document.querySelectorAll("[data-message]").length);
    return [
      ["open, ms", open, 500],
      ["longest task while it writes, ms", Math.max(0, ...tasks), 50],
      ["key to paint p95, ms", percentile(keys, 0.95), 50],
      [`heap growth over ${ANSWERS} answers, MB`, after - before, 20],
      ["changes in finished answers", changed, 0],
      ["messages in the page", nodes, 60],
    ];
  } finally {
    await browser.close();
  }
}

let progress = "opening the conversation";
// Nothing is waited for without end: whoever runs it hears how far it came.
const limit = setTimeout(() => {
  console.error(`not done after ${LIMIT_MS / 60_000} min, at: ${progress}`);
  process.exitCode = 1;
  void stack.stop().finally(() => process.exit());
}, LIMIT_MS);
const stack = new Stack();
await stack.start();
try {
  const figures = await main(stack);
  console.log(`${values.messages} messages, processor ${SLOWDOWN} times slower, 60 tokens a second`);
  for (const [name, value, bar] of figures)
    console.log(`  ${name}: ${+value.toFixed(1)}, at most ${bar}${value > bar ? "  MISSED" : ""}`);
  process.exitCode = figures.every(([, value, bar]) => value <= bar) ? 0 : 1;
} finally {
  clearTimeout(limit);
  await stack.stop();
}
