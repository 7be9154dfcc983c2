import { applyEvent, isRunning, type AnswerState, type RunEvent } from "./answerState";

/** At most 20 commits a second: on some engines a commit costs the same whatever its size. */
const FLUSH_MS = 50;
/** In a hidden tab, and with several columns side by side. */
const SLOW_FLUSH_MS = 100;

/** One answer outside React: events change it at once, subscribers see it at most every 50 ms. */
export class AnswerStore {
  #latest: AnswerState;
  #shown: AnswerState;
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #shownAt = 0;

  constructor(
    initial: AnswerState,
    private readonly siblings: number,
  ) {
    this.#latest = initial;
    this.#shown = initial;
  }

  /** The newest state, shown or not. */
  get latest(): AnswerState {
    return this.#latest;
  }

  readonly getSnapshot = (): AnswerState => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  apply(event: RunEvent): void {
    this.#latest = applyEvent(this.#latest, event, Date.now());
    // The first word and the end are worth a commit of their own; the rest waits for the beat.
    if (!isRunning(this.#latest.status)) this.#flush();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const beat = document.hidden || this.siblings >= 4 ? SLOW_FLUSH_MS : FLUSH_MS;
    const wait = Math.max(0, this.#shownAt + beat - performance.now());
    this.#timer = setTimeout(() => {
      // A hidden tab draws no frames, and would never flush if it waited for one.
      if (document.hidden) this.#flush();
      else requestAnimationFrame(() => this.#flush());
    }, wait);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#shownAt = performance.now();
    if (this.#shown === this.#latest) return;
    this.#shown = this.#latest;
    for (const listener of this.#listeners) listener();
  }
}
