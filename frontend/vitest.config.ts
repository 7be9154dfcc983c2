import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each package with its own aliases; the tests of the browser (*.pw.ts) are Playwright's.
    projects: ["kit", "chat", "admin"],
    environment: "node",
    passWithNoTests: true,
  },
});
