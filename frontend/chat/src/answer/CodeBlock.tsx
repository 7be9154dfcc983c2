import { Check, Copy } from "lucide-react";
import { memo } from "react";
import { IconButton } from "@trunkline/kit/IconButton";
import type { Token } from "./highlight";
import { useCopy } from "./useCopy";
import { useHighlight } from "./useHighlight";

interface CodeBlockProps {
  code: string;
  language: string;
  isIncomplete: boolean;
}

/** A fence: its language and copy button in a row of their own, so that they cover no code and nothing jumps. */
export const CodeBlock = memo(function CodeBlock({ code, language, isIncomplete }: CodeBlockProps) {
  const lines = useHighlight(code, language, isIncomplete);
  const [copied, copy] = useCopy();
  return (
    <figure className="code-block" dir="ltr">
      <figcaption>
        <span>{language === "" ? "text" : language}</span>
        <IconButton dense label={copied ? "Copied" : "Copy code"} onClick={() => copy(code)}>
          {copied ? (
            <Check aria-hidden="true" size={16} strokeWidth={1.5} />
          ) : (
            <Copy aria-hidden="true" size={16} strokeWidth={1.5} />
          )}
        </IconButton>
      </figcaption>
      <pre tabIndex={0} aria-label={language === "" ? "Code" : `Code, ${language}`}>
        <code>{lines === null ? code : lines.map((line, index) => <Line key={index} line={line} />)}</code>
      </pre>
    </figure>
  );
});

function Line({ line }: { line: Token[] }): React.JSX.Element {
  return (
    <>
      {line.map((token, index) =>
        token.colour === undefined ? (
          token.content
        ) : (
          <span key={index} style={{ color: token.colour }}>
            {token.content}
          </span>
        ),
      )}
      {"\n"}
    </>
  );
}
