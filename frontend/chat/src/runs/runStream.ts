import { runEventsUrl } from "@/api/runs";
import type { RunEvents } from "@/api/types";
import { EVENT_NAMES, type RunEvent } from "./answerState";
import { reconnectDelay, sequence } from "./sequence";

/** Without an event for this long the connection is taken for dead; the server's pings are no events to a browser. */
const SILENCE_MS = 35_000;

/** `open` while events can come; `reconnecting` when they cannot, for now. */
export type StreamState = "open" | "reconnecting";

export interface StreamHooks {
  onEvent: (event: RunEvent) => void;
  onState: (state: StreamState) => void;
  /** The stream could not be opened for the `attempt`-th time in a row. Answers whether to go on trying. */
  onFailure: (attempt: number) => Promise<boolean>;
}

/** Follows the events of a run until `end`, gapless across lost connections. */
export class RunStream {
  #source: EventSource | null = null;
  #last: number;
  #attempts = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #watchdog: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  /** `after`: id of the last event that is already known, 0 for none. */
  constructor(
    private readonly runId: string,
    after: number,
    private readonly hooks: StreamHooks,
  ) {
    this.#last = after;
    window.addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#open();
  }

  close(): void {
    this.#closed = true;
    window.removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#drop();
  }

  #open(): void {
    this.#drop();
    const source = new EventSource(runEventsUrl(this.runId, this.#last));
    this.#source = source;
    source.addEventListener("open", () => {
      this.#attempts = 0;
      this.hooks.onState("open");
    });
    // `error` is both the browser's word for a lost connection and the name of one of our events.
    source.addEventListener("error", (event) => {
      if (!(event instanceof MessageEvent)) void this.#reopenLater();
    });
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event: Event) => {
        if (event instanceof MessageEvent) this.#take(name, event);
      });
    }
    this.#watch();
  }

  #take(name: RunEvent["name"], message: MessageEvent<string>): void {
    this.#watch();
    const id = Number(message.lastEventId);
    const verdict = name === "snapshot" ? "take" : sequence(this.#last, id);
    if (verdict === "known") return;
    if (verdict === "gap") {
      this.#open();
      return;
    }
    if (Number.isSafeInteger(id) && id > this.#last) this.#last = id;
    // The server's own events by their name: `RunEvents` is generated from its schema.
    const event = { name, data: JSON.parse(message.data) as RunEvents[typeof name] } as RunEvent;
    if (name === "end") this.close();
    this.hooks.onEvent(event);
  }

  async #reopenLater(): Promise<void> {
    this.#drop();
    if (this.#closed) return;
    this.#attempts += 1;
    this.hooks.onState("reconnecting");
    const attempt = this.#attempts;
    if (!(await this.hooks.onFailure(attempt))) {
      this.close();
      return;
    }
    if (this.#closed || this.#source !== null) return;
    this.#retry = setTimeout(() => this.#open(), reconnectDelay(attempt, Math.random()));
  }

  readonly #hurry = (): void => {
    if (this.#source === null && !this.#closed && !document.hidden && navigator.onLine) this.#open();
  };

  #watch(): void {
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    if (!this.#closed) this.#watchdog = setTimeout(() => this.#open(), SILENCE_MS);
  }

  #drop(): void {
    this.#source?.close();
    this.#source = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    this.#retry = null;
    this.#watchdog = null;
  }
}
