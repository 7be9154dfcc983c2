// Sets the theme before the first paint. Loaded by `<script src="…/theme.js"></script>` in <head>: not a module, not deferred.
// The choice "light", "dark" or "system" is kept under "tl-theme"; theme.ts changes it later.
(() => {
  const root = document.documentElement;
  let choice = "system";
  try {
    choice = localStorage.getItem("tl-theme") ?? "system";
  } catch {
    // Storage can be forbidden; the system's theme is then the answer.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
})();
