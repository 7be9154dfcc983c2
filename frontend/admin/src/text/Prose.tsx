import { visible } from "./visible";

/** A sentence of the gateway, with what stands between backticks as code. */
export function Prose({ text }: { text: string }): React.JSX.Element {
  const parts = visible(text).split("`");
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <code key={index} className="font-mono">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
