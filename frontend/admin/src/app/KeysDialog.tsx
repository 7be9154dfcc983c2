import { Dialog } from "@trunkline/kit/Dialog";
import { Kbd } from "@trunkline/kit/Kbd";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["g o", "Overview"],
  ["g r", "Requests"],
  ["g e", "Errors"],
  ["g s", "Spend"],
  ["/", "Filter requests"],
  ["j", "Next request"],
  ["k", "Request before"],
  ["l", "Live on or off"],
  ["Escape", "Close the panel"],
  ["?", "This list"],
];

interface KeysDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  letters: boolean;
  onLetters: (on: boolean) => void;
}

/** The keys that there are, and a way to be rid of them. */
export function KeysDialog({ open, onOpenChange, letters, onLetters }: KeysDialogProps): React.JSX.Element {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
      <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-control">
        {KEYS.map(([keys, does]) => (
          <div key={keys} className="contents">
            <dt>
              <Kbd keys={keys} />
            </dt>
            <dd className="m-0">{does}</dd>
          </div>
        ))}
      </dl>
      <label className="mt-4 flex items-center gap-2 text-control">
        <input
          type="checkbox"
          checked={letters}
          className="size-4 accent-accent"
          onChange={(event) => onLetters(event.target.checked)}
        />
        Single letters are keys
      </label>
    </Dialog>
  );
}
