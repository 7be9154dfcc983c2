import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@trunkline/kit/Button";
import { TextField } from "@trunkline/kit/TextField";
import { toErrorBody } from "@/api/errors";
import { sessionQuery, signIn } from "@/api/session";

/** Only a path of this site: a link to elsewhere must not come out of an address. */
const ownPath = (to: string | undefined): string =>
  to?.startsWith("/") && !to.startsWith("//") && !to.includes("\\") ? to : "/";

/** Signing in with a password, or elsewhere where the server knows such a place. */
export function SignInPage(): React.JSX.Element {
  const { to } = useSearch({ from: "/sign-in" });
  const { data: session } = useQuery(sessionQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (form: FormData): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const email = String(form.get("email") ?? "").trim();
    try {
      const fresh = await signIn(email === "" ? null : email, String(form.get("password") ?? ""));
      client.setQueryData(sessionQuery.queryKey, fresh);
      await navigate({ href: ownPath(to), replace: true });
    } catch (error) {
      const { message, fix } = toErrorBody(error);
      setProblem([message, fix].filter(Boolean).join(" "));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="mx-auto flex h-app max-w-sm flex-col justify-center gap-4 px-6">
      <h1 className="text-title font-semibold">Sign in</h1>
      {session?.mode !== "oidc" && (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            void submit(new FormData(event.currentTarget));
          }}
        >
          <TextField label="Email" name="email" type="email" autoComplete="username" autoFocus />
          <TextField
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            error={problem}
          />
          <Button type="submit" look="primary" disabled={isBusy}>
            {isBusy ? "Signing in…" : "Sign in"}
          </Button>
        </form>
      )}
      {session?.providers.map((provider) => (
        <a
          key={provider.id}
          href={provider.url}
          className="flex h-8 items-center justify-center rounded-control border border-line-strong bg-surface text-control font-medium text-ink no-underline coarse:h-11"
        >
          Go on with {provider.name}
        </a>
      ))}
    </main>
  );
}
