import { lazy, Suspense } from "react";

const load = () => import("./Markdown");
const Markdown = lazy(loadWhenever);
const AGAIN_MS = 2_000;

/** Fetches the Markdown renderer, so that it is there when the first word is. */
export function preloadMarkdown(): void {
  load().catch(() => undefined); // offline: it is fetched when an answer needs it
}

/** Fetches the renderer however often it takes; until then answers are plain text. */
async function loadWhenever(): ReturnType<typeof load> {
  for (;;) {
    try {
      return await load();
    } catch {
      await new Promise((goOn) => {
        setTimeout(goOn, AGAIN_MS);
        window.addEventListener("online", goOn, { once: true });
      });
    }
  }
}

/** An answer as Markdown; as plain text for as long as the renderer is on its way. */
export function AnswerText({ text, isWriting }: { text: string; isWriting: boolean }): React.JSX.Element {
  return (
    <Suspense fallback={<div className="answer whitespace-pre-wrap">{text}</div>}>
      <Markdown text={text} isWriting={isWriting} />
    </Suspense>
  );
}
