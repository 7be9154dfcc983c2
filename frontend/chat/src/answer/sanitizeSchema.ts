import type { Options } from "rehype-sanitize";

/** What Markdown can make, and nothing more. Attributes that are not named here do not survive. */
export const SANITIZE_SCHEMA: Options = {
  tagNames: [
    ...["p", "br", "hr", "strong", "em", "del", "blockquote", "pre", "code", "a", "img", "input"],
    ...["h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "sup", "sub", "section"],
    ...["table", "thead", "tbody", "tr", "th", "td"],
  ],
  attributes: {
    a: ["href", "dataFootnoteRef", "dataFootnoteBackref"],
    img: ["src", "alt"],
    code: [["className", /^language-[\w+#.-]{1,40}$/, "math-inline", "math-display"]],
    input: [["type", "checkbox"], "checked", ["disabled", true]],
    li: [["className", "task-list-item"]],
    ol: ["start"],
    section: ["dataFootnotes", ["className", "footnotes"]],
    td: ["align"],
    th: ["align"],
    ul: [["className", "contains-task-list"]],
  },
  protocols: { href: ["https", "mailto"], src: ["https"] },
  required: { input: { type: "checkbox", disabled: true } },
  strip: ["script", "style"],
  allowComments: false,
  allowDoctypes: false,
};
