/**
 * Logged text comes from strangers. What a reader cannot see, or what changes the order of what is read, is written as
 * its code point, so that two names that look the same are the same: U+202E turns "exe.txt" around.
 */

/** First and last code points of what is not seen. */
const HIDDEN: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x08], // controls, but for tab and line feed
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad], // soft hyphen
  [0x34f, 0x34f], // combining grapheme joiner
  [0x61c, 0x61c], // Arabic letter mark
  [0x115f, 0x1160], // fillers: Hangul, Khmer
  [0x17b4, 0x17b5],
  [0x180b, 0x180f], // Mongolian selectors
  [0x200b, 0x200f], // zero width, direction marks
  [0x2028, 0x202e], // separators of lines, embeddings and overrides
  [0x2060, 0x206f], // invisible operators, isolates
  [0x3164, 0x3164],
  [0xd800, 0xdfff], // halves of a pair without the other
  [0xfe00, 0xfe0f], // variation selectors
  [0xfeff, 0xfeff], // byte order mark
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff], // tags, more variation selectors
];

const escaped = (code: number): string => `\\u{${code.toString(16)}}`;
const PATTERN = new RegExp(`[${HIDDEN.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join("")}]`, "gu");

/** The text with everything invisible made visible: "a\u202eb" becomes "a⟨U+202E⟩b". */
export function visible(text: string): string {
  return text.replaceAll(PATTERN, (found) => {
    const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}
