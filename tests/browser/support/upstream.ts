import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What the provider does with one question. Times in milliseconds. */
export interface Script {
  /** Pieces of the answer, one event each. */
  readonly pieces?: readonly string[];
  readonly reasoning?: readonly string[];
  readonly beforeFirst?: number;
  readonly gap?: number;
  /** Stop after so many pieces until `upstream.release()`. */
  readonly holdAfter?: number;
  /** Close the connection after so many pieces, without an end. */
  readonly cutAfter?: number;
  readonly finish?: "stop" | "length" | "content_filter";
  readonly status?: number;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly usage?: {
    readonly prompt: number;
    readonly completion: number;
    readonly cached?: number;
    readonly reasoning?: number;
  };
}

interface Asked {
  readonly model: string;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  closedEarly: boolean;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** A provider in OpenAI's format that says what a test tells it to, really streams, and remembers who asked. */
export class Upstream {
  readonly asked: Asked[] = [];
  private readonly scripts = new Map<string, Script>();
  private held: (() => void)[] = [];
  private readonly server = createServer((request, response) => {
    this.serve(request, response).catch(() => response.destroy());
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) =>
      this.server.listen(0, "127.0.0.1", resolve),
    );
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  stop(): void {
    this.release();
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Whenever a question contains `text`, and for `model` only where one is named. */
  on(text: string, script: Script, model = "*"): void {
    this.scripts.set(`${model}\n${text}`, script);
  }

  /** Forget every script and every question, and let go of what is held. */
  reset(): void {
    this.release();
    this.scripts.clear();
    this.asked.length = 0;
  }

  /** Let every held answer go on. */
  release(): void {
    const held = this.held;
    this.held = [];
    for (const go of held) go();
  }

  private find(model: string, text: string): Script {
    for (const [key, script] of [...this.scripts].reverse()) {
      const [name, part] = key.split("\n");
      if ((name === "*" || name === model) && text.includes(part ?? ""))
        return script;
    }
    return { pieces: ["You said: ", ...text.split(/(?<= )/)] };
  }

  private async serve(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<
      string,
      unknown
    >;
    const model = String(body["model"]);
    const text = lastQuestion(body["messages"]);
    const asked: Asked = { model, text, body, closedEarly: false };
    this.asked.push(asked);
    response.on("close", () => {
      asked.closedEarly = !response.writableFinished;
    });
    const script = this.find(model, text);
    if (script.beforeFirst !== undefined) await pause(script.beforeFirst);
    if (script.status !== undefined) {
      response.writeHead(script.status, {
        "content-type": "application/json",
        ...script.headers,
      });
      response.end(
        JSON.stringify({
          error: script.error ?? { message: "no", type: "error", code: null },
        }),
      );
      return;
    }
    if (body["stream"] === true) await this.stream(response, model, script);
    else this.whole(response, model, script);
  }

  private whole(response: ServerResponse, model: string, script: Script): void {
    const message = {
      role: "assistant",
      content: (script.pieces ?? []).join(""),
    };
    const choices = [
      { index: 0, message, finish_reason: script.finish ?? "stop" },
    ];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1,
        model,
        choices,
        usage: usageOf(script),
      }),
    );
  }

  private async stream(
    response: ServerResponse,
    model: string,
    script: Script,
  ): Promise<void> {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      ...script.headers,
    });
    const send = (
      choices: readonly unknown[],
      more: Readonly<Record<string, unknown>> = {},
    ): void => {
      const chunk = {
        id: "chatcmpl-1",
        object: "chat.completion.chunk",
        created: 1,
        model,
        choices,
        ...more,
      };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    const delta = (
      content: Readonly<Record<string, unknown>>,
      finish: string | null = null,
    ): void => {
      send([{ index: 0, delta: content, finish_reason: finish }]);
    };
    for (const piece of script.reasoning ?? []) {
      delta({ reasoning_content: piece });
      await pause(script.gap ?? 5);
    }
    let sent = 0;
    for (const piece of script.pieces ?? []) {
      if (script.cutAfter === sent) {
        response.destroy();
        return;
      }
      if (script.holdAfter === sent)
        await new Promise<void>((resolve) => this.held.push(resolve));
      if (response.destroyed) return;
      delta({ content: piece });
      sent += 1;
      await pause(script.gap ?? 5);
    }
    delta({}, script.finish ?? "stop");
    send([], { usage: usageOf(script) });
    response.end("data: [DONE]\n\n");
  }
}

function usageOf(script: Script): Record<string, unknown> {
  const {
    prompt,
    completion,
    cached = 0,
    reasoning = 0,
  } = script.usage ?? { prompt: 24, completion: (script.pieces ?? []).length };
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function lastQuestion(messages: unknown): string {
  const users = (Array.isArray(messages) ? messages : []).filter(
    (one: { role?: string }) => one.role === "user",
  );
  const content: unknown =
    (users.at(-1) as { content?: unknown } | undefined)?.content ?? "";
  if (typeof content === "string") return content;
  return (content as { text?: string }[])
    .map((part) => part.text ?? "")
    .join("");
}
