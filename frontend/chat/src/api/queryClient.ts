import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./errors";

const MAX_TRIES = 3;

/** The one cache of what the API said. Only failures that may pass are tried again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      refetchOnWindowFocus: true,
      retry: (failures, error) =>
        failures < MAX_TRIES && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
    mutations: { networkMode: "always" },
  },
});
