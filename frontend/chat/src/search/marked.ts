/** A piece of a snippet; `hit` where the words that were searched are. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** A snippet cut at the ranges of its hits (UTF-16 offsets, in order). Ranges that lie outside are left out. */
export function marked(snippet: string, ranges: readonly (readonly number[])[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [start = 0, end = 0] of ranges) {
    if (start < at || end <= start || end > snippet.length) continue;
    if (start > at) pieces.push({ text: snippet.slice(at, start), hit: false });
    pieces.push({ text: snippet.slice(start, end), hit: true });
    at = end;
  }
  if (at < snippet.length) pieces.push({ text: snippet.slice(at), hit: false });
  return pieces;
}
