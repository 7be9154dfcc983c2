import "@trunkline/kit/nonce";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "@/api/queryClient";
import { router } from "./router";
import { watchViewport } from "./viewport";
import "./style.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

watchViewport();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
