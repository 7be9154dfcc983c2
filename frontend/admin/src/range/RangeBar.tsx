import { X } from "lucide-react";
import { useMemo } from "react";
import { IconButton } from "@trunkline/kit/IconButton";
import { Select } from "@trunkline/kit/Select";
import { formatTime, localZone } from "@trunkline/kit/time";
import { useAddress } from "@/app/useSearch";
import { LAST_LABEL, LASTS } from "./range";

const ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** Which time is looked at, and whose days they are. */
export function RangeBar(): React.JSX.Element {
  const { range, change } = useAddress();
  const zones = useMemo(() => {
    const first = [...new Set([localZone(), range.zone])];
    return [...first, ...ZONES.filter((zone) => !first.includes(zone))].map((zone) => ({
      value: zone,
      label: zone.replaceAll("_", " "),
    }));
  }, [range.zone]);
  return (
    <div className="flex flex-wrap items-center gap-2">
      {range.from === undefined || range.to === undefined ? (
        <Select
          label="Time"
          labelHidden
          value={range.last}
          options={LASTS.map((last) => ({ value: last, label: LAST_LABEL[last] }))}
          className="w-36"
          onChange={(last) => change({ last })}
        />
      ) : (
        <span className="flex h-8 items-center gap-1 rounded-control border border-line-strong pl-2 text-control">
          {formatTime(range.from, { zone: range.zone })} – {formatTime(range.to, { zone: range.zone })}
          <IconButton
            label={`Back to ${LAST_LABEL[range.last].toLowerCase()}`}
            dense
            onClick={() => change({ from: undefined, to: undefined })}
          >
            <X aria-hidden="true" size={16} strokeWidth={1.5} />
          </IconButton>
        </span>
      )}
      <Select
        label="Time zone"
        labelHidden
        value={range.zone}
        options={zones}
        className="w-44"
        onChange={(zone) => change({ zone })}
      />
    </div>
  );
}
