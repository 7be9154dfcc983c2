import { expect, test } from "vitest";
import { visible } from "./visible.ts";

test("what cannot be seen is written as its code point", () => {
  const hidden = [
    "\u202e",
    "\u200b",
    "\u2066",
    "\ufeff",
    "\u0000",
    "\u001b",
    "\u00ad",
    "\u{e0041}",
    "\ud800",
    "\u061c",
  ];
  for (const one of hidden) {
    const code = (one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    expect(visible(`a${one}b`)).toBe(`a⟨U+${code}⟩b`);
  }
});

test("ordinary text of every script stays as it is", () => {
  const text = "gpt-4o · Größe · 東京 · שלום · مرحبا · 😀 · <script>\n\tend";
  expect(visible(text)).toBe(text);
});
