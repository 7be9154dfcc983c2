import { useEffect, useRef } from "react";

interface RenameFieldProps {
  title: string;
  onRename: (title: string) => void;
  onClose: () => void;
}

/** The title of a conversation as a field: Enter or leaving keeps it, Escape does not. */
export function RenameField({ title, onRename, onClose }: RenameFieldProps): React.JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useEffect(() => {
    // After the menu that led here has given its focus back.
    const frame = requestAnimationFrame(() => field.current?.select());
    return () => cancelAnimationFrame(frame);
  }, []);
  const finish = (keep: boolean): void => {
    if (isDone.current) return;
    isDone.current = true;
    const wanted = field.current?.value.trim() ?? "";
    if (keep && wanted !== "" && wanted !== title) onRename(wanted);
    onClose();
  };
  return (
    <input
      ref={field}
      aria-label="Title of the conversation"
      defaultValue={title}
      maxLength={300}
      autoFocus
      className="h-8 w-full min-w-0 rounded-control border border-line-strong bg-surface px-2 text-control text-ink coarse:h-11"
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.nativeEvent.isComposing) finish(true);
        if (event.key === "Escape") {
          event.stopPropagation();
          finish(false);
        }
      }}
    />
  );
}
