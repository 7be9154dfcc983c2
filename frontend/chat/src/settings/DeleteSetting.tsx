import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { conversationKeys } from "@/api/conversations";
import { toErrorBody } from "@/api/errors";
import { Button } from "@trunkline/kit/Button";
import { Dialog } from "@trunkline/kit/Dialog";
import { formatCount } from "@trunkline/kit/format";
import { toast } from "@trunkline/kit/Toast";
import { deleteAll, restoreAll } from "./transfer";

/** Deletes every conversation after asking once more; for a while it can be undone. */
export function DeleteSetting(): React.JSX.Element {
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [deleted, setDeleted] = useState<number | null>(null);
  const run = async (): Promise<void> => {
    setDeleted(0);
    try {
      const ids = await deleteAll(setDeleted);
      toast(`Deleted ${formatCount(ids.length)} conversations`, {
        undo: () => void restoreAll(client, ids),
        seconds: 20,
      });
      setOpen(false);
    } catch (error) {
      toast(`Stopped: ${toErrorBody(error).message}`);
    } finally {
      setDeleted(null);
      await client.invalidateQueries({ queryKey: conversationKeys.all });
    }
  };
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Delete all conversations…
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        firm={deleted !== null}
        title="Delete all conversations?"
        description="Chats and comparisons, with their files. They are kept for 30 days, in which they can be brought back; then they are gone."
        footer={
          <>
            <Button disabled={deleted !== null} onClick={() => setOpen(false)}>
              Keep them
            </Button>
            <Button look="danger" disabled={deleted !== null} onClick={() => void run()}>
              {deleted === null ? "Delete all" : `Deleting, ${formatCount(deleted)} so far…`}
            </Button>
          </>
        }
      />
    </>
  );
}
