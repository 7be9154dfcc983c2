import { useQuery } from "@tanstack/react-query";
import { Select } from "@trunkline/kit/Select";
import { anomaliesQuery, usageQuery, type By } from "@/api/queries";
import { Loaded } from "@/app/Loaded";
import { rangeOnly } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import { METRICS, type Metric } from "@/chart/series";
import { UsageChart } from "@/chart/UsageChart";
import { RangeBar } from "@/range/RangeBar";
import { useNavigate } from "@tanstack/react-router";
import { anomaliesIn, anomalyMarks } from "./anomalies";
import { Dearest } from "./Dearest";
import { NeedsYou } from "./NeedsYou";
import { Totals } from "./Totals";

const CHOICES: readonly { value: string; label: string; metric: Metric; by: By }[] = [
  { value: "spend-provider", label: "spend by provider", metric: "spend", by: "provider" },
  { value: "spend-model", label: "spend by model", metric: "spend", by: "model" },
  { value: "calls-provider", label: "calls by provider", metric: "calls", by: "provider" },
  { value: "calls-model", label: "calls by model", metric: "calls", by: "model" },
  { value: "tokens-model", label: "tokens by model", metric: "tokens", by: "model" },
  { value: "failed-model", label: "failed calls by model", metric: "failed", by: "model" },
];

/** One strip, one chart, one list. */
export function OverviewPage(): React.JSX.Element {
  const { search, range, change } = useAddress();
  const navigate = useNavigate();
  const wanted = `${search.metric ?? "spend"}-${search.by ?? "provider"}`;
  const choice = CHOICES.find(({ value }) => value === wanted) ?? CHOICES[0];
  const metric = choice?.metric ?? "spend";
  const usage = useQuery(usageQuery(range, choice?.by ?? "provider"));
  const unusual = anomaliesIn(range, useQuery(anomaliesQuery).data?.anomalies ?? []);
  const zoom = (from: string, to: string): void => {
    void navigate({ to: "/requests", search: { ...rangeOnly(search), from, to } });
  };
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h1 className="m-0 text-head font-semibold">Overview</h1>
        <RangeBar />
      </div>
      <Totals range={range} />
      <div className="mt-6 mb-3 flex">
        <Select
          label="Chart"
          labelHidden
          value={choice?.value ?? ""}
          options={CHOICES.map(({ value, label }) => ({ value, label }))}
          className="w-52"
          onChange={(value) => {
            const next = CHOICES.find((one) => one.value === value);
            change({ metric: next?.metric, by: next?.by }, { replace: true });
          }}
        />
      </div>
      <Loaded query={usage} label={`${METRICS[metric]} over time`} lines={6}>
        {(data) => (
          <UsageChart usage={data} metric={metric} marks={anomalyMarks(unusual, data.buckets)} onSelect={zoom} />
        )}
      </Loaded>
      <div className="mt-8 grid grid-cols-1 gap-8 wide:grid-cols-2">
        <NeedsYou range={range} />
        <Dearest range={range} />
      </div>
    </>
  );
}
