import { expect, test } from "./support/fixtures.ts";
import { message } from "./support/chat.ts";
import { Stack } from "./support/stack.ts";

test("with a password one signs in, comes back to where one was, and can leave", async ({
  app,
  accessible,
  picture,
}) => {
  const stack = new Stack({
    env: { AUTH_MODE: "password", AUTH_PASSWORD: "correct horse" },
  });
  await stack.start();
  try {
    await app.goto(`${stack.url}/usage`);
    await expect(app).toHaveURL(/\/sign-in/);
    await expect(app.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await accessible(app);
    await picture("sign-in");
    await app.getByLabel("Password").fill("wrong battery");
    await app.getByRole("button", { name: "Sign in" }).click();
    await expect(app.getByText(/wrong|not right|does not/i)).toBeVisible();
    await accessible(app);
    await picture("sign-in-refused");
    await app.getByLabel("Password").fill("correct horse");
    await app.getByRole("button", { name: "Sign in" }).click();
    await expect(app).toHaveURL(/\/usage/);
    await app.goto(stack.url);
    await expect(message(app)).toBeVisible();
    const cookies = await app.context().cookies();
    expect(cookies.every((cookie) => cookie.httpOnly)).toBe(true);
  } finally {
    await stack.stop();
  }
});
