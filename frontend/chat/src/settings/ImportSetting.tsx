import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { conversationKeys } from "@/api/conversations";
import type { ImportReport } from "@/api/types";
import { PageError } from "@/errors/PageError";
import { Button } from "@trunkline/kit/Button";
import { formatCount } from "@trunkline/kit/format";
import { importFile } from "./transfer";

const SHOWN_SKIPPED = 20;

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** What came in, and what did not and why. */
function Report({ report }: { report: ImportReport }): React.JSX.Element {
  return (
    <div role="status" className="mt-3 text-control">
      <p className="m-0 text-ink">
        Imported {plural(report.conversations, "conversation")} with {plural(report.messages, "message")}.
      </p>
      {report.skipped.length > 0 && (
        <details className="mt-1 text-ink-2">
          <summary>{plural(report.skipped.length, "part")} left out</summary>
          <ul className="mt-1 mb-0 pl-4 text-ui">
            {report.skipped.slice(0, SHOWN_SKIPPED).map(({ what, why }) => (
              <li key={`${what} ${why}`}>
                {what}: {why}
              </li>
            ))}
            {report.skipped.length > SHOWN_SKIPPED && <li>and {report.skipped.length - SHOWN_SKIPPED} more</li>}
          </ul>
        </details>
      )}
    </div>
  );
}

/** Takes in conversations from a file of this or another application. */
export function ImportSetting(): React.JSX.Element {
  const client = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<ImportReport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const take = async (file: File): Promise<void> => {
    setBusy(true);
    setReport(null);
    setError(null);
    try {
      setReport(await importFile(file));
      await client.invalidateQueries({ queryKey: conversationKeys.all });
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
      if (field.current !== null) field.current.value = "";
    }
  };
  return (
    <>
      <input
        ref={field}
        type="file"
        accept=".json,application/json"
        aria-label="File to import"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file !== undefined) void take(file);
        }}
      />
      <Button disabled={busy} onClick={() => field.current?.click()}>
        {busy ? "Importing…" : "Choose a file…"}
      </Button>
      {report !== null && <Report report={report} />}
      {error !== null && (
        <div className="mt-3">
          <PageError error={error} />
        </div>
      )}
    </>
  );
}
