import type { ThemeInput } from "@streamdown/code";

const colour = (name: string, ...scope: string[]) => ({ scope, settings: { foreground: `var(--code-${name})` } });

/** Code in the page's own colours: one theme for light and dark, since the variables change with the page. */
export const CODE_THEME: ThemeInput = {
  name: "trunkline",
  type: "light",
  fg: "var(--code-text)",
  bg: "var(--code-ground)",
  settings: [
    { settings: { foreground: "var(--code-text)", background: "var(--code-ground)" } },
    colour("comment", "comment", "punctuation.definition.comment", "string.comment"),
    colour(
      "keyword",
      "keyword",
      "storage",
      "storage.type",
      "variable.language",
      "entity.name.tag",
      "keyword.operator.new",
    ),
    colour("string", "string", "constant.other.symbol", "markup.inline.raw", "punctuation.definition.string"),
    colour(
      "value",
      "constant",
      "constant.numeric",
      "constant.language",
      "support.constant",
      "entity.other.attribute-name",
    ),
    colour(
      "name",
      "entity.name.function",
      "support.function",
      "entity.name.type",
      "entity.name.class",
      "support.class",
    ),
    colour("text", "keyword.operator", "punctuation", "variable", "meta.brace"),
    colour("added", "markup.inserted", "meta.diff.header.to-file"),
    colour("removed", "markup.deleted", "meta.diff.header.from-file"),
    colour("keyword", "markup.heading", "entity.name.section", "meta.diff.range"),
  ],
};
