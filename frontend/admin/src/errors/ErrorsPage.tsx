import { useQuery } from "@tanstack/react-query";
import { EmptyState } from "@trunkline/kit/EmptyState";
import { errorsQuery } from "@/api/queries";
import { Loaded } from "@/app/Loaded";
import { useAddress } from "@/app/useSearch";
import { RangeBar } from "@/range/RangeBar";
import { counted } from "@/text/words";
import { ErrorGroup } from "./ErrorGroup";

/** Everything that failed, grouped by what went wrong, where, and with which model. */
export function ErrorsPage(): React.JSX.Element {
  const { range } = useAddress();
  const errors = useQuery(errorsQuery(range));
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h1 className="m-0 text-head font-semibold">Errors</h1>
        <RangeBar />
      </div>
      <div className="mt-4">
        <Loaded query={errors} label="Errors" lines={6}>
          {({ groups, count, zone }) =>
            groups.length === 0 ? (
              <EmptyState title="Nothing failed in this time.">Every call was answered.</EmptyState>
            ) : (
              <>
                <p className="m-0 mb-2 text-control text-ink-2">
                  {counted(count, "failure")} · {counted(groups.length, "group")} ·{" "}
                  {groups.filter((group) => group.new).length} new
                </p>
                <ul aria-label="Groups of errors" className="m-0 list-none border-t border-line-strong p-0">
                  {groups.map((group) => (
                    <ErrorGroup key={`${group.kind} ${group.provider} ${group.model}`} group={group} zone={zone} />
                  ))}
                </ul>
              </>
            )
          }
        </Loaded>
      </div>
    </>
  );
}
