import { Link } from "@tanstack/react-router";
import { Dialog } from "@trunkline/kit/Dialog";
import { Kbd } from "@trunkline/kit/Kbd";

interface ShortcutSheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

const GROUPS: Record<string, [keys: string[], does: string][]> = {
  Everywhere: [
    [["$mod+k"], "Search and commands"],
    [["$mod+;"], "Choose a model"],
    [["n"], "New chat"],
    [["c"], "New comparison"],
    [["?"], "This list"],
    [["Escape"], "Close what is open, else stop the answer"],
  ],
  Writing: [
    [["Enter"], "Send"],
    [["Shift+Enter"], "New line"],
    [["↑"], "Edit your last message, from an empty field"],
  ],
  Conversation: [
    [["j"], "Next message"],
    [["k"], "Previous message"],
    [["["], "Earlier version"],
    [["]"], "Later version"],
    [["y"], "Copy the message"],
    [["r"], "Answer again"],
    [["b"], "Branch from here"],
    [["$mod+f"], "Find in this conversation"],
  ],
  Comparison: [
    [["1", "2", "3", "4"], "Go to a column"],
    [["m"], "Maximise the column"],
    [["v 1"], "Vote for a column"],
    [["v 0"], "Vote for a tie"],
    [["v x"], "Vote that all are bad"],
  ],
};

/** All keys. Single letters work outside of text fields only, and can be switched off in the settings. */
export default function ShortcutSheet({ open, onOpenChange }: ShortcutSheetProps): React.JSX.Element {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Keyboard"
      width="wide"
      description={
        <>
          Single letters work outside of text fields.{" "}
          <Link to="/settings/keys" className="underline">
            Switch them off
          </Link>
        </>
      }
    >
      {/* Nothing in it takes the focus, and on a phone it is longer than the screen. */}
      <div className="grid gap-6 sm:grid-cols-2" tabIndex={0} role="region" aria-label="Keys and what they do">
        {Object.entries(GROUPS).map(([name, rows]) => (
          <section key={name}>
            <h3 className="mb-1 text-meta font-medium text-ink-3">{name}</h3>
            <dl>
              {rows.map(([keys, does]) => (
                <div key={does} className="flex items-center justify-between gap-4 border-b border-line py-1.5">
                  <dt className="text-control">{does}</dt>
                  <dd className="flex flex-none gap-2">
                    {keys.map((key) => (
                      <Kbd key={key} keys={key} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
