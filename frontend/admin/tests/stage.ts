import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath, URL } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Starts `tests/support/admin_stage.py` and leaves its address and key in the environment; returns what ends it. */
export default async function stage(): Promise<() => Promise<void>> {
  const child = spawn(`${ROOT}.venv/bin/python`, ["-m", "tests.support.admin_stage"], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve)),
    gone.then(() => {
      throw new Error("the gateway of the tests did not start");
    }),
  ]);
  const { url, key } = JSON.parse(line) as { url: string; key: string }; // our own program wrote it
  process.env["STAGE_URL"] = url;
  process.env["STAGE_KEY"] = key;
  return async () => {
    child.stdin.end();
    await gone;
  };
}
