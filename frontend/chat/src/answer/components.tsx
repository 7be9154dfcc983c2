import { useIsCodeFenceIncomplete, type Components } from "streamdown";
import type { Element } from "hast";
import { CodeBlock } from "./CodeBlock";
import { safeLink } from "./links";
import { RemoteImage } from "./RemoteImage";
import { AnswerTable } from "./AnswerTable";

function textOf(node: Element | undefined): string {
  let text = "";
  for (const child of node?.children ?? []) {
    if (child.type === "text") text += child.value;
    else if (child.type === "element") text += textOf(child);
  }
  return text;
}

function languageOf(code: Element | undefined): string {
  const names = code?.properties["className"];
  const found = Array.isArray(names) ? names.find((name) => String(name).startsWith("language-")) : undefined;
  return found === undefined ? "" : String(found).slice("language-".length);
}

function Pre({ node }: { node?: Element | undefined }): React.JSX.Element {
  const isIncomplete = useIsCodeFenceIncomplete();
  const code = node?.children.find((child): child is Element => child.type === "element");
  return <CodeBlock code={textOf(code).replace(/\n$/, "")} language={languageOf(code)} isIncomplete={isIncomplete} />;
}

function Link({ href, children }: { href?: string | undefined; children?: React.ReactNode }): React.JSX.Element {
  // Half of a link that is still being written, and anything that leads nowhere safe, is text.
  const link = safeLink(href);
  if (link === null) return <span>{children}</span>;
  return (
    <a href={link.href} target="_blank" rel="noopener noreferrer" title={link.host}>
      {children}
      <span className="link-host"> {link.host}</span>
    </a>
  );
}

// Levels start below the heading of the message, which is an h2.
/** How each element of an answer is drawn. A constant: a new object would draw every block again. */
export const COMPONENTS: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  blockquote: "blockquote",
  code: ({ children }) => <code>{children}</code>,
  h1: ({ children }) => <h3 data-level="1">{children}</h3>,
  h2: ({ children }) => <h3 data-level="2">{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  h5: ({ children }) => <h6>{children}</h6>,
  h6: ({ children }) => <h6>{children}</h6>,
  hr: "hr",
  img: ({ src, alt }) => <RemoteImage src={typeof src === "string" ? src : undefined} alt={alt} />,
  input: ({ checked }) => (
    <input type="checkbox" checked={checked === true} disabled aria-label={checked === true ? "Done" : "Not done"} />
  ),
  li: ({ children }) => <li>{children}</li>,
  ol: ({ children, start }) => <ol start={start}>{children}</ol>,
  p: ({ children }) => <p dir="auto">{children}</p>,
  pre: ({ node }) => <Pre node={node} />,
  section: ({ children }) => <section>{children}</section>,
  strong: "strong",
  sub: "sub",
  sup: "sup",
  table: ({ children }) => <AnswerTable>{children}</AnswerTable>,
  tbody: "tbody",
  td: ({ children, style }) => <td style={style}>{children}</td>,
  th: ({ children, style }) => (
    <th scope="col" style={style}>
      {children}
    </th>
  ),
  thead: "thead",
  tr: ({ children }) => <tr>{children}</tr>,
  ul: ({ children }) => <ul>{children}</ul>,
};
