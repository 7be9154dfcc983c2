// Lighthouse on the built application: three runs of each address, the median of each category.
//   . scripts/node.sh; node bench/frontend/lighthouse.mjs [--preset desktop|mobile] [--runs 3]
// Ends with status 1 when performance is under 95 or accessibility under 100.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "../../tests/browser/support/chromium.ts";
import { Stack } from "../../tests/browser/support/stack.ts";
import { conversation } from "./conversation.mjs";

const BARS = { performance: 95, accessibility: 100 };
const METRICS = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
const { values } = parseArgs({
  options: { preset: { type: "string", default: "desktop" }, runs: { type: "string", default: "3" } },
});
const folder = mkdtempSync(join(tmpdir(), "trunkline-lighthouse-"));
const binary = join(import.meta.dirname, "../../frontend/node_modules/.bin/lighthouse");

/** One run: the report that Lighthouse wrote. */
async function measured(url) {
  const file = join(folder, "report.json");
  const child = spawn(
    binary,
    [
      url,
      "--quiet",
      "--output=json",
      `--output-path=${file}`,
      `--only-categories=${Object.keys(BARS).join(",")}`,
      "--chrome-flags=--headless=new --no-sandbox",
      ...(values.preset === "desktop" ? ["--preset=desktop"] : []),
    ],
    { env: { ...process.env, CHROME_PATH: chromium() }, stdio: ["ignore", "ignore", "inherit"] },
  );
  const status = await new Promise((resolve) => child.once("exit", resolve));
  if (status !== 0) throw new Error(`Lighthouse ended with status ${status} at ${url}`);
  return JSON.parse(readFileSync(file, "utf8"));
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Prints one address's medians; true when they reach the bars. */
function told(name, reports) {
  const scores = Object.keys(BARS).map((category) => [
    category,
    Math.round(median(reports.map((report) => report.categories[category].score)) * 100),
  ]);
  const times = METRICS.map(
    (metric) => `${metric} ${+median(reports.map((report) => report.audits[metric].numericValue)).toFixed(3)}`,
  );
  const failed = new Set(
    reports.flatMap((report) =>
      report.categories.accessibility.auditRefs
        .filter(({ id, weight }) => weight > 0 && report.audits[id].score === 0)
        .map(({ id }) => id),
    ),
  );
  console.log(`${name} (${values.preset}, ${reports.length} runs)`);
  for (const [category, score] of scores) console.log(`  ${category} ${score}, to reach: ${BARS[category]}`);
  console.log(`  ${times.join(", ")}`);
  if (failed.size > 0) console.log(`  accessibility: ${[...failed].join(", ")}`);
  return scores.every(([category, score]) => score >= BARS[category]);
}

const stack = new Stack();
await stack.start();
let reached = true;
try {
  const id = await conversation(stack, 20);
  for (const [name, path] of [
    ["/", "/"],
    ["/c/<id>", `/c/${id}`],
  ]) {
    const reports = [];
    for (let run = 0; run < Number(values.runs); run += 1) reports.push(await measured(stack.url + path));
    reached = told(name, reports) && reached;
  }
} finally {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = reached ? 0 : 1;
