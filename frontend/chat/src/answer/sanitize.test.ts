import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import { renderToStaticMarkup } from "react-dom/server";
import rehypeSanitize from "rehype-sanitize";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { unified } from "unified";
import { describe, expect, it } from "vitest";
import { safeLink } from "./links";
import { rawAsText } from "./rawAsText";
import { SANITIZE_SCHEMA } from "./sanitizeSchema";

const pipeline = unified()
  .use(remarkParse)
  .use(remarkRehype, { allowDangerousHtml: true })
  .use(rawAsText)
  .use(rehypeSanitize, SANITIZE_SCHEMA);

function html(markdown: string): string {
  const tree = pipeline.runSync(pipeline.parse(markdown));
  return renderToStaticMarkup(toJsxRuntime(tree, { Fragment, jsx, jsxs }) as React.ReactNode);
}

const ATTACKS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "text <b onmouseover=alert(1)>bold</b>",
  "<a href='javascript:alert(1)'>x</a>",
  "<style>*{background:url(https://evil.example)}</style>",
  "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
  "<form action=https://evil.example><input name=q></form>",
  "<details open ontoggle=alert(1)>",
];

describe("the way from Markdown to elements", () => {
  it.each(ATTACKS)("shows HTML as the text it is: %s", (attack) => {
    const out = html(attack);
    expect(out).not.toMatch(/<(script|img|svg|iframe|b|style|math|form|details)[\s>]/);
    expect(out).toContain("&lt;");
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "http://plain.example",
  ])("leaves no address on a link to %s", (target) => {
    expect(html(`[x](<${target}>)`)).not.toContain("href");
  });

  it("keeps links by https and mail", () => {
    expect(html("[x](https://a.example/b)")).toContain('href="https://a.example/b"');
    expect(html("[x](mailto:a@b.example)")).toContain('href="mailto:a@b.example"');
  });

  it("lets no class through that is not the name of a language", () => {
    expect(html("```py\nx\n```")).toContain('class="language-py"');
    expect(html('```py"onload="x\nx\n```')).not.toContain("onload=");
  });
});

describe("safeLink", () => {
  it("says where a link leads, and refuses what leads nowhere safe", () => {
    expect(safeLink("https://user@a.example:8443/b")).toEqual({
      href: "https://user@a.example:8443/b",
      host: "a.example:8443",
    });
    expect(safeLink("mailto:a@b.example")?.host).toBe("a@b.example");
    for (const bad of ["javascript:alert(1)", " javascript:alert(1)", "/settings", "//evil.example", undefined]) {
      expect(safeLink(bad)).toBeNull();
    }
  });
});
