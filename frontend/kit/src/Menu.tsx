import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { cx } from "./cx.ts";
import { Kbd } from "./Kbd.tsx";
import "./nonce.ts";

export interface MenuItem {
  label: string;
  onSelect: () => void;
  icon?: React.ReactNode;
  /** Shown at the end: "Y". */
  keys?: string;
  /** Said under the label: why it cannot be done, what it will do. */
  note?: string;
  disabled?: boolean;
  danger?: boolean;
  /** Given: an item that can be ticked. */
  checked?: boolean;
}

interface MenuProps {
  /** The button that opens the menu. */
  children: React.ReactElement;
  /** Null is a separator. */
  items: readonly (MenuItem | null)[];
  label?: string;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left" | "right";
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

const ITEM =
  "flex w-full items-start gap-2 rounded-control px-2 py-1.5 text-control text-ink outline-none data-disabled:opacity-50 data-highlighted:bg-sunken coarse:min-h-11 coarse:items-center";

function Item({ item }: { item: MenuItem }): React.JSX.Element {
  const inner = (
    <>
      {item.icon !== undefined && <span className="mt-0.5 flex-none text-ink-3">{item.icon}</span>}
      {item.checked !== undefined && (
        <span className="mt-0.5 size-4 flex-none text-accent">
          {item.checked && <Check aria-hidden="true" size={16} strokeWidth={1.5} />}
        </span>
      )}
      <span className="min-w-0 flex-1">
        {item.label}
        {item.note !== undefined && <span className="block text-meta text-ink-3">{item.note}</span>}
      </span>
      {item.keys !== undefined && <Kbd keys={item.keys} />}
    </>
  );
  const disabled = item.disabled ?? false;
  if (item.checked !== undefined) {
    return (
      <Radix.CheckboxItem checked={item.checked} disabled={disabled} className={ITEM} onSelect={item.onSelect}>
        {inner}
      </Radix.CheckboxItem>
    );
  }
  return (
    <Radix.Item
      disabled={disabled}
      className={cx(ITEM, item.danger === true && "text-danger")}
      onSelect={item.onSelect}
    >
      {inner}
    </Radix.Item>
  );
}

/** A list of things to do, opened by a button. */
export function Menu(props: MenuProps): React.JSX.Element {
  const { children, items, label, align = "start", side = "bottom" } = props;
  const control = {
    ...(props.open === undefined ? {} : { open: props.open }),
    ...(props.onOpenChange === undefined ? {} : { onOpenChange: props.onOpenChange }),
  };
  return (
    <Radix.Root modal={false} {...control}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          {...(label === undefined ? {} : { "aria-label": label })}
          className="z-50 max-h-(--radix-dropdown-menu-content-available-height) max-w-80 min-w-48 animate-overlay scroll-quiet overflow-y-auto rounded-overlay border border-line bg-raised p-1 shadow-overlay"
        >
          {items.map((item, index) =>
            item === null ? (
              <Radix.Separator key={`line ${index}`} className="my-1 h-px bg-line" />
            ) : (
              <Item key={item.label} item={item} />
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
