import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath, URL } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A real gateway with a past of thirty days, one for each worker: `tests/support/admin_stage.py`. */
export class AdminStage {
  #process: ChildProcess | undefined;
  url = "";
  key = "";

  /** Starts it. @throws Error when it ends instead of saying where it is. */
  async start(): Promise<void> {
    const child = spawn(`${ROOT}.venv/bin/python`, ["-m", "tests.support.admin_stage"], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#process = child;
    const [said] = (await Promise.race([
      once(createInterface({ input: child.stdout }), "line"),
      once(child, "exit").then(() => {
        throw new Error("the gateway of the tests did not start");
      }),
    ])) as [string]; // "line" comes with the line
    const { url, key } = JSON.parse(said) as { url: string; key: string }; // our own program wrote it
    this.url = url;
    this.key = key;
  }

  /** Lets it go: it ends when its standard input does. */
  async stop(): Promise<void> {
    if (this.#process === undefined || this.#process.exitCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.stdin?.end();
    await gone;
  }
}
