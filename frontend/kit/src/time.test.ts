import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayKey, formatClock, formatDay, formatTime, formatTimeFull } from "./time.ts";

const NOW = new Date("2026-11-24T13:05:00Z");
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  "Africa/Cairo",
  "America/Sao_Paulo",
  "Asia/Tokyo",
];

describe("times", () => {
  it("are a clock today, a day and a clock this year, and a date before", () => {
    const zone = "Europe/Berlin";
    expect(formatTime("2026-11-24T13:02:11Z", { zone, now: NOW })).toBe("14:02");
    expect(formatTime("2026-11-23T13:02:11Z", { zone, now: NOW })).toBe("23 Nov 14:02");
    expect(formatTime("2025-09-03T13:02:11Z", { zone, now: NOW })).toMatch(/^3 Sept? 2025$/);
  });

  it("show the local time and UTC in full", () => {
    const text = formatTimeFull("2026-11-24T13:02:11Z", "Asia/Kolkata");
    expect(text).toContain("18:32:11");
    expect(text).toContain("13:02:11 UTC");
  });

  it("write midnight as 00:00", () => {
    expect(formatClock("2026-11-24T00:00:00Z", { zone: "UTC" })).toBe("00:00");
    expect(formatClock("2026-11-24T00:00:00Z", { zone: "UTC", seconds: true })).toBe("00:00:00");
  });

  it("take a calendar day for the day it names, whatever the zone", () => {
    expect(formatDay("2026-11-24")).toBe("24 Nov");
  });

  it("belong to the local day, whose quarter hours are 92 to 100 in every zone and on clock changes", () => {
    const instants = fc.date({ min: new Date("2025-01-01"), max: new Date("2027-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, (zone, instant) => {
        const day = dayKey(instant, zone);
        const start = Math.floor(instant.getTime() / 900_000) * 900_000;
        let quarters = 0;
        for (let step = -110; step <= 110; step += 1) {
          if (dayKey(new Date(start + step * 900_000), zone) === day) quarters += 1;
        }
        expect(quarters).toBeGreaterThanOrEqual(92);
        expect(quarters).toBeLessThanOrEqual(100);
      }),
      { numRuns: 60 },
    );
  });
});
