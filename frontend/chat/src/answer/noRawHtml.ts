/** Stands in for `rehype-raw` in the build: raw HTML of a model is never parsed, the library then shows it as text. */
export default function noRawHtml(): () => void {
  return () => undefined;
}
