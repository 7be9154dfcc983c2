import { create } from "zustand";

/** Overlays of the whole application: at most one of them is open. */
export type Overlay = "rail" | "palette" | "shortcuts" | "picker" | "settings" | "find";

interface ShellState {
  overlay: Overlay | null;
}

/** What is open over the page. */
export const useShell = create<ShellState>(() => ({ overlay: null }));

export const openOverlay = (overlay: Overlay): void => useShell.setState({ overlay });
export const closeOverlay = (): void => useShell.setState({ overlay: null });

/** For components that are told `open` and tell `onOpenChange`. */
export function useOverlay(overlay: Overlay): [open: boolean, onOpenChange: (open: boolean) => void] {
  const open = useShell((state) => state.overlay === overlay);
  return [
    open,
    (wanted) => (wanted ? openOverlay(overlay) : useShell.getState().overlay === overlay && closeOverlay()),
  ];
}
