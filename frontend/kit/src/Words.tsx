interface WordsProps {
  /** A sentence in which names to type stand in backticks. */
  children: string;
}

/** A sentence with the names in backticks (variables, models, files) as code. Everything else stays text. */
export function Words({ children }: WordsProps): React.JSX.Element {
  return (
    <>
      {children.split("`").map((part, index) =>
        index % 2 === 1 ? (
          <code key={index} className="font-mono text-[0.92em]">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
