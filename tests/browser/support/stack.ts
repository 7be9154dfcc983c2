import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Upstream } from "./upstream.ts";

const root = resolve(import.meta.dirname, "../../..");
const python = join(root, ".venv/bin/python");

interface Model {
  readonly name: string;
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly context: number;
  readonly images: boolean;
}

/** The end of what each process printed, for the error when it does not start. */
const said = new WeakMap<ChildProcess, string>();

/** Names that a test picks, what is behind them, and what a million tokens cost in USD. */
const models = [
  {
    name: "claude-sonnet",
    model: "anthropic-like",
    input: 3,
    output: 15,
    context: 200_000,
    images: true,
  },
  {
    name: "gpt-mini",
    model: "mini-like",
    input: 0.25,
    output: 2,
    context: 400_000,
    images: false,
  },
  {
    name: "small-context",
    model: "small-like",
    input: 0.1,
    output: 0.2,
    context: 1_000,
    images: false,
  },
] as const satisfies readonly Model[];

export interface StackOptions {
  /** Variables of the API besides its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** So many further models. */
  readonly more?: number;
  /** Further models of these names. */
  readonly names?: readonly string[];
}

/** The whole application on ports of its own: a scripted provider, the gateway, and the API with the front end. */
export class Stack {
  readonly upstream = new Upstream();
  readonly folder = mkdtempSync(join(tmpdir(), "trunkline-browser-"));
  gatewayPort = 0;
  apiPort = 0;
  webPort = 0;
  private upstreamUrl = "";
  private settings: unknown;
  private gateway: ChildProcess | undefined;
  private api: ChildProcess | undefined;
  private readonly options: StackOptions;

  constructor(options: StackOptions = {}) {
    this.options = options;
  }

  get url(): string {
    return `http://localhost:${this.webPort}`;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.gatewayPort}`;
  }

  async start(): Promise<void> {
    this.upstreamUrl = await this.upstream.start();
    [this.gatewayPort, this.apiPort, this.webPort] = await freePorts(3);
    writeFileSync(join(this.folder, ".env"), "");
    writeFileSync(join(this.folder, "litellm-config.yaml"), this.config());
    try {
      await Promise.all([this.startGateway(), this.startApi()]);
    } catch (error) {
      await this.stop(); // whoever could not start it has nothing to stop
      throw error;
    }
  }

  async stop(): Promise<void> {
    // Nothing of it is looked at again, so nothing has to end in order.
    await Promise.all([ended(this.api, "SIGKILL"), ended(this.gateway, "SIGKILL")]);
    this.upstream.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the person puts into `.env`. */
  env(text: string): void {
    writeFileSync(join(this.folder, ".env"), text);
  }

  /** As if nobody had used it yet: what an earlier test asked, stored or chose cannot be seen by the next one. */
  async reset(): Promise<void> {
    this.upstream.reset();
    this.env("");
    const { items } = (await this.request("GET", "/conversations?limit=200")) as { items: { id: string }[] };
    await Promise.all(items.map(({ id }) => this.request("DELETE", `/conversations/${id}`)));
    this.settings ??= await this.request("GET", "/settings");
    await this.request("PUT", "/settings", this.settings);
  }

  async startGateway(): Promise<void> {
    const where = [
      "--config",
      "litellm-config.yaml",
      "--host",
      "127.0.0.1",
      "--port",
      String(this.gatewayPort),
    ];
    this.gateway = this.run(["-m", "trunkline", "serve", ...where], {});
    await answers(`${this.gatewayUrl}/health/liveliness`, this.gateway);
  }

  async stopGateway(): Promise<void> {
    await ended(this.gateway);
  }

  async startApi(): Promise<void> {
    const where = [
      "--host",
      "127.0.0.1",
      "--port",
      String(this.apiPort),
      "--web-port",
      String(this.webPort),
    ];
    this.api = this.run(["-m", "backend.app.serve", ...where], {
      LITELLM_BASE_URL: this.gatewayUrl,
      ...this.options.env,
    });
    await answers(`http://127.0.0.1:${this.apiPort}/health`, this.api);
  }

  /** End the API at once, as a crash does. */
  async killApi(): Promise<void> {
    await ended(this.api, "SIGKILL");
  }

  private async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.apiPort}/api${path}`, {
      method,
      headers: { "content-type": "application/json", "x-trunkline-csrf": "1" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was refused: ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** The ledger's row of a call. */
  async row(callId: string): Promise<Readonly<Record<string, unknown>>> {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await fetch(
        `${this.gatewayUrl}/spend/logs?request_id=${callId}`,
        { headers: { authorization: "Bearer sk-1234" } },
      );
      const rows = (await answer.json()) as Readonly<Record<string, unknown>>[];
      if (rows[0] !== undefined) return rows[0];
      await new Promise((go) => setTimeout(go, 100));
    }
    throw new Error(`the ledger has no row for ${callId}`);
  }

  private config(): string {
    const entry = (one: Model): object => ({
      model_name: one.name,
      litellm_params: {
        model: `openai/${one.model}`,
        api_base: this.upstreamUrl,
        api_key: "sk-upstream",
        input_cost_per_token: one.input / 1e6,
        output_cost_per_token: one.output / 1e6,
      },
      model_info: {
        max_input_tokens: one.context,
        supports_vision: one.images,
      },
    });
    const numbered = Array.from(
      { length: this.options.more ?? 0 },
      (_, index) => `model-${String(index).padStart(3, "0")}`,
    );
    const further = [...numbered, ...(this.options.names ?? [])].map((name) =>
      entry({ ...models[1], name }),
    );
    const config = {
      model_list: [
        {
          model_name: "local",
          litellm_params: { model: "local/smollm2-135m-instruct" },
        },
        ...models.map(entry),
        ...further,
        {
          model_name: "mistral-large",
          litellm_params: {
            model: "mistral/mistral-large-latest",
            api_key: "os.environ/MISTRAL_API_KEY",
            api_base: this.upstreamUrl,
          },
        },
        {
          model_name: "unset-key",
          litellm_params: {
            model: "groq/llama-4",
            api_key: "os.environ/GROQ_API_KEY",
          },
        },
      ],
      router_settings: { num_retries: 0 },
    };
    return JSON.stringify(config); // JSON is YAML
  }

  private run(
    command: readonly string[],
    more: Readonly<Record<string, string>>,
  ): ChildProcess {
    const { PATH = "", HOME = "", APP_FRONTEND } = process.env;
    const env = {
      PATH,
      HOME,
      // Another build than frontend/chat/dist, which somebody may be building anew.
      ...(APP_FRONTEND === undefined ? {} : { APP_FRONTEND }),
      TRUNKLINE_DATA: join(this.folder, "data"),
      LITELLM_MASTER_KEY: "sk-1234",
      ...more,
    };
    const child = spawn(python, command, {
      cwd: this.folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const show = process.env["STACK_LOG"] === "1";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        said.set(child, ((said.get(child) ?? "") + data.toString()).slice(-2_000));
        if (show) process.stderr.write(data);
      });
    return child;
  }
}

async function ended(
  child: ChildProcess | undefined,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<void> {
  if (
    child === undefined ||
    child.exitCode !== null ||
    child.signalCode !== null
  )
    return;
  const gone = new Promise((go) => child.once("exit", go));
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await gone;
  clearTimeout(late);
}

async function freePorts(count: number): Promise<[number, number, number]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((go) => server.listen(0, "127.0.0.1", go));
      return server;
    }),
  );
  const ports = servers.map(
    (server) => (server.address() as { port: number }).port,
  );
  await Promise.all(
    servers.map((server) => new Promise((go) => server.close(go))),
  );
  return ports as [number, number, number];
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not there yet
    }
    if (child.exitCode !== null) throw new Error(`${url} ended instead of starting:\n${said.get(child) ?? ""}`);
    await new Promise((go) => setTimeout(go, 50));
  }
  throw new Error(`${url} did not answer within 30 s:\n${said.get(child) ?? ""}`);
}
