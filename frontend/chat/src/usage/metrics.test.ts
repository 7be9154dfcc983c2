import { describe, expect, it } from "vitest";
import type { UsageReport } from "@/api/types";
import { chartOf, metricOf } from "./metrics";

const REPORT: UsageReport = {
  from: "2026-11-22T23:00:00Z",
  to: "2026-11-25T23:00:00Z",
  zone: "Europe/Berlin",
  totals: { calls: 3, failed: 0, input: 30, output: 60, cost_nano: "8300001" },
  days: [
    { day: "2026-11-23", calls: 0, tokens: 0, cost_nano: "0" },
    { day: "2026-11-24", calls: 2, tokens: 80, cost_nano: "8300000" },
    { day: "2026-11-25", calls: 1, tokens: 10, cost_nano: "1" },
  ],
  models: [],
};

describe("the chart of usage", () => {
  it("has a point a day and a sentence with the day of the most", () => {
    const { points, summary } = chartOf(REPORT, "spend");
    expect(points.map((point) => point.values["spend"])).toEqual([0, 8_300_000, 1]);
    expect(summary).toBe("2 of 3 days with use; the most on 24 Nov, $0.0083.");
  });

  it("says that there is nothing where there is nothing", () => {
    expect(chartOf({ ...REPORT, days: [] }, "calls").summary).toBe("Nothing in this range.");
  });

  it("shows spend for a measure that it does not know", () => {
    expect(metricOf("calls")).toBe("calls");
    expect(metricOf("toString")).toBe("spend");
    expect(metricOf(undefined)).toBe("spend");
  });
});
