import { Tabs as Radix } from "radix-ui";
import { cx } from "./cx.ts";

export interface Tab {
  value: string;
  label: React.ReactNode;
  /** Left out when the tabs only switch something shown elsewhere. */
  content?: React.ReactNode;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  value: string;
  onChange: (value: string) => void;
  className?: string;
  /** For the panels. */
  panelClassName?: string;
}

/** Views of one thing, one at a time; arrow keys move between them. */
export function Tabs({ label, tabs, value, onChange, className, panelClassName }: TabsProps): React.JSX.Element {
  return (
    <Radix.Root value={value} onValueChange={onChange} className={cx("flex min-h-0 flex-col", className)}>
      <Radix.List aria-label={label} className="flex flex-none no-scrollbar gap-4 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px h-8 flex-none border-b-2 border-transparent text-control whitespace-nowrap text-ink-3 hover:text-ink focus-visible:outline-offset-[-2px] data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink coarse:h-11"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className={cx("min-h-0", panelClassName)}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
