/** Where the page is mounted, as the gateway stamped it: "/ui", or "/llm/ui" inside another application. */
export const BASE: string = ((): string => {
  const stamped = document.querySelector<HTMLMetaElement>('meta[name="trunkline-base"]')?.content ?? "";
  return stamped === "" || stamped === "__BASE__" ? "/ui" : stamped;
})();

/** Where the gateway itself is: the part before "/ui". */
export const GATEWAY: string = BASE.slice(0, -"/ui".length);
