import { ArrowDown, ArrowUp } from "lucide-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { cx } from "./cx.ts";
import { Line, type LineState } from "./Line.tsx";
import { useMedia } from "./media.ts";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => React.ReactNode;
  /** Numbers stand right. */
  align?: "left" | "right";
  /** A track of CSS grid: "8rem", "minmax(10rem, 2fr)". Default "minmax(6rem, 1fr)". */
  width?: string;
  /** Offers to sort by it. */
  sortable?: boolean;
  /** Left out on a phone (below 768 px). */
  wideOnly?: boolean;
}

export interface Sort {
  column: string;
  descending: boolean;
}

interface DataTableProps<Row> {
  /** The name of the table, read out. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Ids of columns that are not shown. */
  hidden?: ReadonlySet<string>;
  sort?: Sort | null;
  onSort?: (sort: Sort) => void;
  /** Opens a row: the text of its first cell becomes a button, and the whole row can be pressed. */
  onOpen?: (row: Row) => void;
  /** Key of the row that is open; it stays marked and in view. */
  selected?: string | null;
  /** Draws the line at the left of each row. */
  line?: (row: Row) => { provider: string | null; state?: LineState };
  /** How many rows there are in all, when `rows` is only the part that is loaded. */
  total?: number;
  /** Called when the end comes near: load the next page. */
  onEnd?: () => void;
  dense?: boolean;
  /** Shown instead of rows. */
  empty?: React.ReactNode;
  /** A fixed height makes it scroll by itself; only then it is virtual. */
  className?: string;
}

/** Above so many rows only those in view are in the page. */
const VIRTUAL_FROM = 60;

function Header<Row>({ columns, sort, onSort, grid }: HeaderProps<Row>): React.JSX.Element {
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-canvas">
      <div
        role="row"
        aria-rowindex={1}
        className="grid border-b border-line-strong"
        style={{ gridTemplateColumns: grid }}
      >
        {columns.map((column) => {
          const mine = sort?.column === column.id ? sort : null;
          const order = mine === null ? "none" : mine.descending ? "descending" : "ascending";
          const Arrow = mine?.descending === true ? ArrowDown : ArrowUp;
          const next = { column: column.id, descending: mine === null ? column.align === "right" : !mine.descending };
          return (
            <div
              key={column.id}
              role="columnheader"
              aria-sort={column.sortable === true ? order : undefined}
              className={cx("flex h-8 items-center px-2 text-ui text-ink-3", column.align === "right" && "justify-end")}
            >
              {column.sortable === true && onSort !== undefined ? (
                <button type="button" className="flex items-center gap-1 hover:text-ink" onClick={() => onSort(next)}>
                  {column.header}
                  {mine !== null && <Arrow aria-hidden="true" size={12} strokeWidth={1.5} />}
                </button>
              ) : (
                column.header
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface HeaderProps<Row> {
  columns: readonly Column<Row>[];
  sort: Sort | null;
  onSort: ((sort: Sort) => void) | undefined;
  grid: string;
}

interface RowProps<Row> extends Pick<DataTableProps<Row>, "onOpen" | "line" | "dense"> {
  row: Row;
  index: number;
  columns: readonly Column<Row>[];
  grid: string;
  selected: boolean;
  /** px from the top of the rows, when virtual. */
  offset?: number;
}

function DataRow<Row>(props: RowProps<Row>): React.JSX.Element {
  const { row, index, columns, grid, selected, offset, onOpen, line, dense = false } = props;
  const drawn = line?.(row);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={onOpen === undefined ? undefined : selected}
      className={cx(
        "grid items-center border-b border-line text-ui text-ink",
        offset === undefined ? "relative" : "absolute inset-x-0 top-0",
        dense ? "min-h-7" : "min-h-8",
        onOpen !== undefined && "hover:bg-sunken coarse:min-h-11",
        selected && "bg-accent-soft hover:bg-accent-soft",
      )}
      style={{ gridTemplateColumns: grid, ...(offset === undefined ? {} : { transform: `translateY(${offset}px)` }) }}
    >
      {columns.map((column, place) => (
        <div
          key={column.id}
          role="cell"
          className={cx("min-w-0 truncate px-2", column.align === "right" && "text-right", place > 0 && "z-[1]")}
        >
          {place === 0 && drawn !== undefined && (
            <Line provider={drawn.provider} state={drawn.state ?? "ok"} className="absolute inset-y-0 left-0" />
          )}
          {place === 0 && onOpen !== undefined ? (
            <button
              type="button"
              className="max-w-full truncate text-left after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
              onClick={() => onOpen(row)}
            >
              {column.cell(row)}
            </button>
          ) : (
            column.cell(row)
          )}
        </div>
      ))}
    </div>
  );
}

/** Rows and columns with sorting and a row to open; with a height of its own it draws only what is in view. */
export function DataTable<Row>(props: DataTableProps<Row>): React.JSX.Element {
  "use no memo"; // TanStack Virtual changes the object it returns, which React Compiler takes for unchanged.
  const { label, rows, rowKey, hidden, sort = null, selected = null, dense = false, total, onEnd, className } = props;
  const wide = useMedia("(min-width: 768px)");
  const columns = props.columns.filter((one) => hidden?.has(one.id) !== true && (wide || one.wideOnly !== true));
  const grid = columns.map((column) => column.width ?? "minmax(6rem, 1fr)").join(" ");
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = className !== undefined && rows.length > VIRTUAL_FROM;
  const rowHeight = useMedia("(pointer: coarse)") && props.onOpen !== undefined ? 44 : dense ? 28 : 32;
  const virtualizer = useVirtualizer({
    count: virtual ? rows.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : rowKey(row);
    },
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const last = virtual ? (items.at(-1)?.index ?? 0) : rows.length - 1;
  useEffect(() => {
    if (onEnd !== undefined && rows.length > 0 && last >= rows.length - 30) onEnd();
  }, [last, rows.length, onEnd]);
  const place = selected === null ? -1 : rows.findIndex((row) => rowKey(row) === selected);
  useEffect(() => {
    if (virtual && place >= 0) virtualizer.scrollToIndex(place, { align: "auto" });
  }, [virtual, place, virtualizer]);
  const rowProps = (row: Row, index: number): RowProps<Row> => ({
    row,
    index,
    columns,
    grid,
    dense,
    selected: selected !== null && rowKey(row) === selected,
    ...(props.onOpen === undefined ? {} : { onOpen: props.onOpen }),
    ...(props.line === undefined ? {} : { line: props.line }),
  });
  return (
    <div
      ref={scroller}
      className={cx("scroll-quiet overflow-x-auto", className)}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <div role="table" aria-label={label} aria-rowcount={(total ?? rows.length) + 1} className="min-w-fit">
        <Header columns={columns} sort={sort} onSort={props.onSort} grid={grid} />
        <div role="rowgroup" className="relative" style={virtual ? { height: virtualizer.getTotalSize() } : undefined}>
          {virtual
            ? items.map((item) => {
                const row = rows[item.index];
                return row === undefined ? null : (
                  <DataRow key={item.key} {...rowProps(row, item.index)} offset={item.start} />
                );
              })
            : rows.map((row, index) => <DataRow key={rowKey(row)} {...rowProps(row, index)} />)}
        </div>
      </div>
      {rows.length === 0 && props.empty}
    </div>
  );
}
