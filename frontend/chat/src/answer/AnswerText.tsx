import { lazy, Suspense } from "react";

const load = () => import("./Markdown");
const Markdown = lazy(load);

/** Fetches the Markdown renderer, so that it is there when the first word is. */
export function preloadMarkdown(): void {
  void load();
}

/** An answer as Markdown; as plain text for as long as the renderer is on its way. */
export function AnswerText({ text, isWriting }: { text: string; isWriting: boolean }): React.JSX.Element {
  return (
    <Suspense fallback={<div className="answer whitespace-pre-wrap">{text}</div>}>
      <Markdown text={text} isWriting={isWriting} />
    </Suspense>
  );
}
