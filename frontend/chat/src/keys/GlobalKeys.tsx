import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useHotkeys } from "@trunkline/kit/hotkeys";
import { settingsQuery } from "@/api/settings";
import { openOverlay, useShell, closeOverlay, type Overlay } from "@/app/shellStore";

/** Opens an overlay; the same keys close it. */
const toggle = (overlay: Overlay) => (event: KeyboardEvent) => {
  event.preventDefault();
  if (useShell.getState().overlay === overlay) closeOverlay();
  else openOverlay(overlay);
};

/** The keys that work on every page. */
export function GlobalKeys(): null {
  const { data: settings } = useQuery(settingsQuery);
  const navigate = useNavigate();
  useHotkeys(
    {
      "$mod+k": toggle("palette"),
      "$mod+;": toggle("picker"),
      n: (event) => {
        event.preventDefault();
        void navigate({ to: "/" });
      },
      c: (event) => {
        event.preventDefault();
        void navigate({ to: "/compare/new" });
      },
      "[Shift]+?": toggle("shortcuts"),
    },
    { letters: settings?.shortcuts ?? true },
  );
  return null;
}
