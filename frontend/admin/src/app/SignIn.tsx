import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@trunkline/kit/Button";
import { TextField } from "@trunkline/kit/TextField";
import { api, ApiError, call, type Shapes } from "@/api/client";
import { sessionQuery } from "@/api/queries";

/** The form for the master key. The key goes to the gateway once; what stays is a cookie that scripts cannot read. */
export function SignIn({ hint }: Pick<Shapes["Session"], "hint">): React.JSX.Element {
  const queries = useQueryClient();
  const [key, setKey] = useState("");
  const signIn = useMutation({
    mutationFn: async () => call(api.POST("/trunkline/session", { body: { key } })),
    onSuccess: async (session) => {
      setKey("");
      queries.setQueryData(sessionQuery.queryKey, session);
      await queries.invalidateQueries();
    },
  });
  const wrong = signIn.error instanceof ApiError ? signIn.error.message : null;
  return (
    <main className="mx-auto max-w-md px-4 pt-[14dvh]">
      <h1 className="m-0 text-title font-semibold">Trunkline</h1>
      <p className="mt-1 mb-6 text-control text-ink-2">Usage, requests, errors and cost of this gateway.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
        className="flex flex-col gap-3 border-t-2 border-accent pt-6"
      >
        <TextField
          label="Master key"
          type="password"
          name="key"
          autoComplete="current-password"
          autoFocus
          required
          value={key}
          error={wrong}
          placeholder={hint ?? "sk-…"}
          hint={
            hint === null
              ? "The value of LITELLM_MASTER_KEY."
              : `This gateway has the tutorials' key, ${hint}, and so serves this machine only.`
          }
          onChange={(event) => setKey(event.target.value)}
        />
        <Button type="submit" look="primary" className="self-start" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
      <p className="mt-6 text-ui text-ink-3">
        You stay signed in for twelve hours. The key itself is not kept in this browser.
      </p>
    </main>
  );
}
