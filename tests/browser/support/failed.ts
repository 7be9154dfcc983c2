import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";

const FILE = resolve(import.meta.dirname, "../../../test-results/browser-failed.txt");
const LINES = 2;

const COLOURS = /\u001B\[[0-9;]*m/g;

/** Look, file, line and name of a test, then the first lines of what went wrong. */
function words(test: TestCase, result: TestResult): string {
  const [, look = "", file = "", ...names] = test.titlePath();
  const said = (result.error?.message ?? result.status).replaceAll(COLOURS, "").split("\n");
  const first = said.map((line) => line.trim()).filter((line) => line !== "");
  const indented = first.slice(0, LINES).map((line) => `    ${line}`);
  return [`[${look}] ${file}:${test.location.line} ${names.join(" > ")}`, ...indented].join("\n");
}

/** After a run in which something failed, says briefly what, as the last that is printed, and keeps it in a file. */
export default class Failed implements Reporter {
  readonly #failed = new Map<string, string>();
  readonly #around: string[] = [];

  onBegin(): void {
    rmSync(FILE, { force: true });
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (test.ok()) this.#failed.delete(test.id);
    else this.#failed.set(test.id, words(test, result));
  }

  /** What fails outside of a test: a file that cannot be read, a part of the stack that does not start. */
  onError(error: { readonly message?: string }): void {
    this.#around.push((error.message ?? "an error without words").replaceAll(COLOURS, "").split("\n").slice(0, LINES).join("\n    "));
  }

  onEnd({ status }: FullResult): void {
    const all = [...this.#around, ...this.#failed.values()];
    if (all.length === 0 && status === "passed") return;
    const text = `${all.length} failed in the browser (${status})\n${all.join("\n")}\n`;
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, text);
    process.stdout.write(`\n${text}`);
  }
}
