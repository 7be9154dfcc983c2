import { Check, Copy } from "lucide-react";
import { useRef } from "react";
import { extractTableDataFromElement, tableDataToTSV } from "streamdown";
import { IconButton } from "@trunkline/kit/IconButton";
import { useCopy } from "./useCopy";

/** A table that scrolls inside itself, and can be copied into a spreadsheet. */
export function AnswerTable({ children }: { children: React.ReactNode }): React.JSX.Element {
  const table = useRef<HTMLTableElement>(null);
  const [copied, copy] = useCopy();
  const copyTable = (): void => {
    if (table.current) copy(tableDataToTSV(extractTableDataFromElement(table.current)));
  };
  return (
    <div className="answer-table">
      <div role="group" aria-label="Table" tabIndex={0}>
        <table ref={table}>{children}</table>
      </div>
      <IconButton dense label={copied ? "Copied" : "Copy table"} onClick={copyTable}>
        {copied ? (
          <Check aria-hidden="true" size={16} strokeWidth={1.5} />
        ) : (
          <Copy aria-hidden="true" size={16} strokeWidth={1.5} />
        )}
      </IconButton>
    </div>
  );
}
