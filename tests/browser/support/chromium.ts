import { existsSync } from "node:fs";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The distribution's Chromium, or `CHROMIUM`: nothing is downloaded. */
export function chromium(): string {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error(
      "no Chromium: install it (Debian: apt-get install chromium) or name it: CHROMIUM=/path/to/it",
    );
  return found;
}
