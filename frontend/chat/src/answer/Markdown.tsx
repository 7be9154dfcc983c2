import { memo, useEffect, useMemo, useState } from "react";
import rehypeSanitize from "rehype-sanitize";
import { defaultRemarkPlugins, Streamdown, type PluginConfig, type StreamdownProps } from "streamdown";
import { blocksWhenDone, blocksWhileWriting } from "./blocks";
import { COMPONENTS } from "./components";
import { dollarDelimiters, mayHaveMath } from "./mathDelimiters";
import { rawAsText } from "./rawAsText";
import { SANITIZE_SCHEMA } from "./sanitizeSchema";

// Constants: a new object for any of these would draw every block of every answer again.
const REHYPE: NonNullable<StreamdownProps["rehypePlugins"]> = [rawAsText, [rehypeSanitize, SANITIZE_SCHEMA]];
const REMARK = Object.values(defaultRemarkPlugins);
const NO_PLUGINS: PluginConfig = {};
const NO_CONTROLS = false;
const NO_LINK_DIALOG = { enabled: false };

interface MarkdownProps {
  text: string;
  isWriting: boolean;
}

/** The text of an answer. The same component while it is written and afterwards, so that the end changes nothing. */
export default memo(function Markdown({ text, isWriting }: MarkdownProps): React.JSX.Element {
  const plugins = useMathPlugin(text);
  const shown = useMemo(() => (plugins.math ? dollarDelimiters(text) : text), [text, plugins]);
  return (
    <Streamdown
      className="answer"
      data-writing={isWriting || undefined}
      mode="streaming"
      dir="auto"
      components={COMPONENTS}
      remarkPlugins={REMARK}
      rehypePlugins={REHYPE}
      plugins={plugins}
      controls={NO_CONTROLS}
      linkSafety={NO_LINK_DIALOG}
      parseMarkdownIntoBlocksFn={isWriting ? blocksWhileWriting : blocksWhenDone}
    >
      {shown}
    </Streamdown>
  );
});

function useMathPlugin(text: string): PluginConfig {
  const [plugins, setPlugins] = useState(NO_PLUGINS);
  const wanted = plugins === NO_PLUGINS && mayHaveMath(text);
  useEffect(() => {
    if (wanted) void import("./math").then(({ math }) => setPlugins({ math }));
  }, [wanted]);
  return plugins;
}
