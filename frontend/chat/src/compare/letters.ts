/** The name of a column on the page: A to D. */
export function letterOf(place: number): string {
  return String.fromCharCode(65 + place);
}

/** FNV-1a of a text. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}

/**
 * In which order the columns are shown. A blind comparison has an order of its own, the same on every visit, which
 * says nothing of the order in which the models were chosen.
 */
export function orderOf(count: number, blindId: string | null): number[] {
  const columns = Array.from({ length: count }, (_, column) => column);
  if (blindId === null) return columns;
  return columns.toSorted((a, b) => hash(`${blindId} ${a}`) - hash(`${blindId} ${b}`));
}
