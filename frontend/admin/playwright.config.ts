import { defineConfig } from "@playwright/test";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** The distribution's Chromium against a real gateway with a past, which `stage.ts` starts. */
export default defineConfig({
  testDir: "./tests",
  // Not `.spec.ts`: Vitest takes those for its own.
  testMatch: "*.pw.ts",
  globalSetup: "./tests/stage.ts",
  workers: 1,
  forbidOnly: true,
  timeout: 40_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    launchOptions: { executablePath: CHROMIUM, args: ["--no-sandbox"] },
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
    reducedMotion: "reduce",
    trace: "retain-on-failure",
  },
  outputDir: "../node_modules/.cache/admin-tests",
  projects: [
    { name: "wide light", use: { viewport: { width: 1280, height: 800 }, colorScheme: "light" } },
    {
      name: "wide dark",
      testMatch: "pages.pw.ts",
      use: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
    },
    {
      name: "phone light",
      use: { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true },
    },
    {
      name: "phone dark",
      testMatch: "pages.pw.ts",
      use: { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true },
    },
  ],
});
