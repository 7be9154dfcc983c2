import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { sessionQuery } from "@/api/session";

/** Asks for the session again when the API says that there is none any more. */
export function useSignedOut(): void {
  const client = useQueryClient();
  useEffect(() => {
    const ask = (): void => void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    window.addEventListener("trunkline:signed-out", ask);
    return () => window.removeEventListener("trunkline:signed-out", ask);
  }, [client]);
}
