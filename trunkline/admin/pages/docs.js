// The page reads without this; it adds the page's own address to the examples, a copy button, and the filter.
for (const pre of document.querySelectorAll(".example pre")) {
  if (location.protocol.startsWith("http")) {
    pre.textContent = pre.textContent.replace("http://localhost:4000", location.origin);
  }
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pre.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  pre.after(button);
}
const menu = document.querySelector("nav details");
const narrow = matchMedia("(max-width: 52rem)");
menu.open = !narrow.matches;
narrow.addEventListener("change", () => { menu.open = !narrow.matches; });
menu.addEventListener("click", (event) => {
  if (narrow.matches && event.target.closest("a")) menu.open = false;
});
const filter = document.querySelector("nav input");
filter.hidden = false;
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("nav li")) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
  for (const section of document.querySelectorAll("main section")) {
    section.hidden = !section.textContent.toLowerCase().includes(wanted);
  }
});
