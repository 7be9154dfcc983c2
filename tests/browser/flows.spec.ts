import { answers, ask, message, newChat, pick } from "./support/chat.ts";
import { dot } from "./support/files.ts";
import { expect, test } from "./support/fixtures.ts";

// The flows of frontend.md 3.4 that chat.spec.ts and compare.spec.ts do not have.

test("a model that takes no images says what it will not get, before anything is sent", async ({
  app,
  stack,
  accessible,
  picture,
}) => {
  stack.upstream.on("what is this", { pieces: ["A dot."] });
  stack.upstream.on("and which colour", { pieces: ["I cannot see it."] });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await app.getByLabel("Files to attach").setInputFiles(dot("dot.png"));
  await expect(
    app.getByRole("list", { name: "Files" }).getByText("dot.png"),
  ).toBeVisible();
  await ask(app, "what is this");
  await expect(answers(app).last()).toContainText("A dot.");
  expect(JSON.stringify(stack.upstream.asked.at(-1)?.body)).toContain(
    "image_url",
  );
  await pick(app, "gpt-mini");
  await message(app).fill("and which colour");
  const notice = app.getByRole("group", { name: "Before sending" });
  await expect(notice).toContainText("gpt-mini will not get 1 image.");
  await expect(
    notice.getByRole("button", { name: "Keep claude-sonnet" }),
  ).toBeVisible();
  await expect(
    notice.getByRole("button", { name: "Describe the image as text" }),
  ).toBeVisible();
  await accessible(app);
  await picture("flow-loss");
  await notice.getByRole("button", { name: "Send anyway" }).click();
  await expect(answers(app).last()).toContainText("I cannot see it.");
  await expect(app.getByRole("log")).toContainText("gpt-mini from here.");
  await expect(app.getByRole("log")).toContainText("Left behind: 1 image.");
  await picture("flow-switched");
  await test.step("the mark stays", async () => {
    await app.reload();
    await expect(app.getByRole("log")).toContainText("gpt-mini from here.");
  });
});

test("@once a file of text goes to the provider as text, and can be taken away again", async ({
  app,
  stack,
}) => {
  stack.upstream.on("read it", { pieces: ["Read."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  const files = app.getByRole("list", { name: "Files" });
  const text = (name: string, content: string) => ({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(content),
  });
  await app
    .getByLabel("Files to attach")
    .setInputFiles([text("a.txt", "alpha beta"), text("b.txt", "gamma")]);
  await expect(files.getByRole("listitem")).toHaveCount(2);
  await app.getByRole("button", { name: "Remove b.txt" }).click();
  await expect(files.getByRole("listitem")).toHaveCount(1);
  await ask(app, "read it");
  await expect(answers(app).last()).toContainText("Read.");
  await expect(answers(app).first()).toContainText("a.txt");
  const sent = JSON.stringify(stack.upstream.asked.at(-1)?.body);
  expect(sent).toContain("alpha beta");
  expect(sent).not.toContain("gamma");
});

test("@once what is taken out can be taken in: nothing of a conversation is lost", async ({
  app,
  stack,
}) => {
  stack.upstream.on("keep this safe", { pieces: ["Safe."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "keep this safe");
  await expect(answers(app).last()).toContainText("Safe.");
  await app.goto("/settings/data");
  const [saved] = await Promise.all([
    app.waitForEvent("download"),
    app.getByRole("link", { name: "Download everything" }).click(),
  ]);
  await app.getByLabel("File to import").setInputFiles(await saved.path());
  await expect(app.getByText(/^Imported \d+ conversation/)).toBeVisible();
});

test("@once an image is described as text for a model that takes none", async ({
  app,
  stack,
}) => {
  stack.upstream.on("what is this", { pieces: ["A dot."] });
  stack.upstream.on("and its colour", { pieces: ["Red, you say."] });
  await newChat(app);
  await pick(app, "claude-sonnet");
  await app.getByLabel("Files to attach").setInputFiles(dot("dot.png"));
  await ask(app, "what is this");
  await expect(answers(app).last()).toContainText("A dot.");
  await pick(app, "gpt-mini");
  await message(app).fill("and its colour");
  stack.upstream.on("escribe", { pieces: ["One red pixel."] });
  await app
    .getByRole("group", { name: "Before sending" })
    .getByRole("button", { name: "Describe the image as text" })
    .click();
  await expect(app.getByRole("log")).toContainText("One red pixel.");
  const asked = stack.upstream.asked.at(-1);
  expect(asked?.model).toBe("anthropic-like");
  expect(JSON.stringify(asked?.body)).toContain("image_url");
});

test("@once a branch begins a second conversation, and the first stays as it was", async ({
  app,
  stack,
}) => {
  stack.upstream.on("one way", { pieces: ["To the left."] });
  stack.upstream.on("further on", { pieces: ["To the sea."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "one way");
  await expect(answers(app).last()).toContainText("To the left.");
  const first = app.url();
  await answers(app).last().hover();
  await answers(app).last().getByRole("button", { name: "More" }).click();
  await app.getByRole("menuitem", { name: /^Branch from here/ }).click();
  await expect(app).not.toHaveURL(first);
  await expect(app).toHaveURL(/\/c\/[0-9A-Z]{26}/);
  await expect(answers(app)).toHaveCount(2);
  await ask(app, "further on");
  await expect(answers(app).last()).toContainText("To the sea.");
  await app.goto(first);
  await expect(answers(app)).toHaveCount(2);
  await expect(answers(app).last()).toContainText("To the left.");
});

test("@once an answer that ended early goes on from where it stopped", async ({
  app,
  stack,
}) => {
  stack.upstream.on("the alphabet", { pieces: ["a b c"], finish: "length" });
  await newChat(app);
  await pick(app, "gpt-mini");
  await ask(app, "the alphabet");
  await expect(answers(app).last()).toContainText("The provider ended early (length).");
  stack.upstream.on("", { pieces: [" d e f"] });
  await app.getByRole("button", { name: /^Continue/ }).click();
  await expect(answers(app).last()).toContainText("d e f");
  const sent = JSON.stringify(stack.upstream.asked.at(-1)?.body["messages"]);
  expect(sent).toContain("a b c");
});

test("@once a file that is dropped on the field is attached", async ({
  app,
  stack,
}) => {
  stack.upstream.on("read what I dropped", { pieces: ["Read."] });
  await newChat(app);
  await pick(app, "gpt-mini");
  const data = await app.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["dropped text"], "dropped.txt", { type: "text/plain" }));
    return transfer;
  });
  await message(app).dispatchEvent("dragover", { dataTransfer: data });
  await message(app).dispatchEvent("drop", { dataTransfer: data });
  await expect(app.getByRole("list", { name: "Files" }).getByText("dropped.txt")).toBeVisible();
  await ask(app, "read what I dropped");
  await expect(answers(app).last()).toContainText("Read.");
  expect(JSON.stringify(stack.upstream.asked.at(-1)?.body)).toContain("dropped text");
});
