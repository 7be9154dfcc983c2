import { defineConfig } from "@playwright/test";
import { chromium } from "./support/chromium.ts";

/** Both themes at a phone's and a laptop's width. Flows run in one of them, states and pages in all. */
const looks = [
  {
    name: "light-1280",
    colorScheme: "light",
    viewport: { width: 1280, height: 800 },
    phone: false,
  },
  {
    name: "dark-1280",
    colorScheme: "dark",
    viewport: { width: 1280, height: 800 },
    phone: false,
  },
  {
    name: "light-390",
    colorScheme: "light",
    viewport: { width: 390, height: 844 },
    phone: true,
  },
  {
    name: "dark-390",
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
    phone: true,
  },
] as const;

export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results/browser",
  snapshotPathTemplate: "{testDir}/{testFileDir}/snapshots/{arg}{ext}",
  fullyParallel: true,
  forbidOnly: process.env["CI"] === "true",
  retries: 0,
  workers: 2,
  timeout: 45_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["./support/failed.ts"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: chromium(), args: ["--no-sandbox"] },
    // A trace costs every test an eighth of its time, so it is asked for: `--trace on`. The page's text is kept anyway.
    trace: "off",
    screenshot: "only-on-failure",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    contextOptions: { reducedMotion: "reduce" },
  },
  projects: looks.map(({ name, colorScheme, viewport, phone }) => ({
    name,
    use: { colorScheme, viewport, hasTouch: phone },
    // A flow is the same in every look: what differs between them is tested by the states and pages.
    ...(name === "light-1280" ? {} : { grepInvert: /@once/ }),
  })),
});
