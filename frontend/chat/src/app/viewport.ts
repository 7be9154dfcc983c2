/** Keeps `--app-height` at what the keyboard leaves, where the browser does not shrink the page by itself (iOS). */
export function watchViewport(): void {
  const viewport = window.visualViewport;
  if (viewport === null || CSS.supports("height", "100dvh") === false || !("ontouchstart" in window)) return;
  const follow = (): void => {
    const covered = window.innerHeight - viewport.height > 80;
    const style = document.documentElement.style;
    if (covered && viewport.scale === 1) style.setProperty("--app-height", `${viewport.height}px`);
    else style.removeProperty("--app-height");
  };
  viewport.addEventListener("resize", follow);
}
