import "@trunkline/kit/nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiError } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { makeRouter } from "./router";
import "./style.css";

const SIGNED_OUT = 401;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the gateway refuses it refuses again; only silence and its own trouble are worth another question.
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: true,
    },
  },
});
queries.getQueryCache().subscribe((event) => {
  const error = event.type === "updated" ? event.query.state.error : null;
  // The session ended (it lasts twelve hours, or the master key changed): back to the form, the address stays.
  if (error instanceof ApiError && error.status === SIGNED_OUT && event.query.queryKey[0] !== "session") {
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  }
});

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no element `root`");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={makeRouter()} />
    </QueryClientProvider>
  </StrictMode>,
);
