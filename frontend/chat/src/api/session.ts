import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";
import type { Session } from "./types";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }): Promise<Session> => call(api.GET("/api/session", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export async function signIn(email: string | null, password: string): Promise<Session> {
  return await call(api.POST("/api/session", { body: { email, password } }));
}

export async function signOut(): Promise<void> {
  await call(api.DELETE("/api/session"));
}
