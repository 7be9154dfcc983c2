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
