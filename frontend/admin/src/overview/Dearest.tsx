import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatCount, formatMoney, formatMoneyExact } from "@trunkline/kit/format";
import { Tabs } from "@trunkline/kit/Tabs";
import { usageQuery, type By } from "@/api/queries";
import { Loaded } from "@/app/Loaded";
import { rangeOnly } from "@/app/search";
import { useAddress } from "@/app/useSearch";
import { groupFilter, groupName } from "@/chart/series";
import type { Range } from "@/range/range";
import { nano } from "@/text/money";

const TABS: readonly { value: By; label: string }[] = [
  { value: "model", label: "model" },
  { value: "provider", label: "provider" },
  { value: "api_key", label: "key" },
];

/** Who spent most: eight rows, each a link into the request log. */
export function Dearest({ range }: { range: Range }): React.JSX.Element {
  const [by, setBy] = useState<By>("model");
  const { search } = useAddress();
  const usage = useQuery(usageQuery(range, by));
  return (
    <section aria-labelledby="dearest">
      <h2 id="dearest" className="m-0 mb-2 text-control font-semibold">
        Dearest
      </h2>
      <Tabs
        label="Dearest by"
        tabs={TABS}
        value={by}
        onChange={(value) => setBy(TABS.find((tab) => tab.value === value)?.value ?? "model")}
        className="mb-1"
      />
      <Loaded query={usage} label="Dearest">
        {(data) => (
          <ol className="m-0 list-none p-0">
            {data.series.map(({ name, members, total }) => {
              const filter = groupFilter(name, data.by);
              const label = groupName(name, members, data.by);
              return (
                <li key={label} className="flex items-baseline gap-4 border-b border-line py-1.5 text-ui">
                  {filter === null ? (
                    <span className="min-w-0 flex-1 truncate text-ink-2">{label}</span>
                  ) : (
                    <Link
                      to="/requests"
                      search={{ ...rangeOnly(search), ...filter }}
                      className="min-w-0 flex-1 truncate no-underline hover:underline"
                    >
                      {label}
                    </Link>
                  )}
                  <span className="text-ink-3">{formatCount(total.calls)} calls</span>
                  <span title={formatMoneyExact(nano(total.spend))} className="w-20 text-right">
                    {formatMoney(nano(total.spend))}
                  </span>
                </li>
              );
            })}
            {data.series.length === 0 && <li className="py-2 text-control text-ink-2">No calls in this time.</li>}
          </ol>
        )}
      </Loaded>
    </section>
  );
}
