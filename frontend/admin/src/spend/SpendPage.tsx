import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Select } from "@trunkline/kit/Select";
import { usageQuery, type By } from "@/api/queries";
import { Loaded } from "@/app/Loaded";
import { rangeOnly } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import { BYS, METRICS, type Metric } from "@/chart/series";
import { UsageChart } from "@/chart/UsageChart";
import { RangeBar } from "@/range/RangeBar";
import { TotalsTable } from "./TotalsTable";

const METRIC_NAMES = Object.keys(METRICS) as Metric[]; // the keys of a literal
const BY_NAMES = Object.keys(BYS) as By[]; // the keys of a literal

/** What it costs, by whom and when; the same for calls and tokens. The table has every number of the bars. */
export function SpendPage(): React.JSX.Element {
  const { search, range, change } = useAddress();
  const navigate = useNavigate();
  const metric = METRIC_NAMES.find((name) => name === search.metric) ?? "spend";
  const by = BY_NAMES.find((name) => name === search.by) ?? "model";
  const cumulative = search.cumulative === "on";
  const usage = useQuery(usageQuery(range, by));
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h1 className="m-0 text-head font-semibold">Spend</h1>
        <RangeBar />
      </div>
      <div className="mt-4 mb-4 flex flex-wrap items-center gap-x-3 gap-y-2">
        <Select
          label="What is counted"
          labelHidden
          value={metric}
          options={METRIC_NAMES.map((value) => ({ value, label: METRICS[value] }))}
          className="w-36"
          onChange={(value) => change({ metric: value })}
        />
        <Select
          label="Grouped by"
          labelHidden
          value={by}
          options={BY_NAMES.map((value) => ({ value, label: `by ${BYS[value]}` }))}
          className="w-44"
          onChange={(value) => change({ by: value })}
        />
        <label className="flex h-8 items-center gap-2 text-control coarse:h-11">
          <input
            type="checkbox"
            checked={cumulative}
            className="size-4 accent-accent"
            onChange={(event) => change({ cumulative: event.target.checked ? "on" : undefined })}
          />
          cumulative
        </label>
      </div>
      <Loaded query={usage} label="Spend" lines={8}>
        {(data) => (
          <>
            <UsageChart
              usage={data}
              metric={metric}
              cumulative={cumulative}
              height={280}
              onSelect={(from, to) => void navigate({ to: "/requests", search: { ...rangeOnly(search), from, to } })}
            />
            <TotalsTable usage={data} />
          </>
        )}
      </Loaded>
    </>
  );
}
