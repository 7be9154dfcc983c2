import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useMedia } from "@trunkline/kit/media";
import { ModelRow } from "./ModelRow";
import type { PickerRow } from "./rows";

interface PickerListProps {
  id: string;
  rows: readonly PickerRow[];
  /** Index of the row where the arrow keys are; -1 for none. */
  active: number;
  value: string | null;
  optionId: (modelId: string) => string;
  onPress: (modelId: string) => void;
  onPin: (modelId: string) => void;
}

const HEADING_PX = 28;

/** The name of a group; the first one also names the columns of figures. */
function Heading({ row, isFirst }: { row: PickerRow & { kind: "heading" }; isFirst: boolean }): React.JSX.Element {
  return (
    <div role="presentation" className="flex h-full items-end gap-2 px-4 pb-1 text-meta text-ink-3">
      <span className="flex-1 font-medium">
        {row.label} {row.count}
      </span>
      {isFirst && (
        <span aria-hidden="true" className="flex gap-2 text-right max-sm:hidden">
          <span className="w-12">context</span>
          <span className="w-24">$/M in / out</span>
          <span className="w-14">first word</span>
          <span className="w-[5.25rem]" />
        </span>
      )}
    </div>
  );
}

/** The list box: only what is in view is in the page, hundreds of models are as quick as ten. */
export function PickerList(props: PickerListProps): React.JSX.Element {
  "use no memo"; // TanStack Virtual changes the object it returns, which React Compiler takes for unchanged.
  const { id, rows, active, value, optionId, onPress, onPin } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = useMedia("(pointer: coarse)") ? 44 : 32;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === "heading" ? HEADING_PX : rowHeight),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  useEffect(() => {
    if (active >= 0) virtualizer.scrollToIndex(active, { align: "auto" });
  }, [active, virtualizer]);
  const total = rows.filter((row) => row.kind === "model").length;
  const press = (event: React.MouseEvent): void => {
    if (!(event.target instanceof Element)) return;
    const model = event.target.closest<HTMLElement>("[data-model]")?.dataset["model"];
    if (model === undefined) return;
    if (event.target.closest("[data-pin]") !== null) onPin(model);
    else onPress(model);
  };
  return (
    // The keyboard acts through the field above, which keeps the focus (aria-activedescendant).
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      ref={scroller}
      id={id}
      role="listbox"
      aria-label="Models"
      className="min-h-0 flex-1 scroll-quiet overflow-y-auto"
      onClick={press}
      onMouseDown={(event) => event.preventDefault()}
    >
      <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            <div
              key={item.key}
              role="presentation"
              className="absolute inset-x-0 top-0"
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
            >
              {row?.kind === "heading" && <Heading row={row} isFirst={item.index === 0} />}
              {row?.kind === "model" && (
                <ModelRow
                  model={row.model}
                  id={optionId(row.model.id)}
                  place={row.place}
                  total={total}
                  active={item.index === active}
                  current={row.model.id === value}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
