import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { BASE } from "./base";
import { NotFound } from "./NotFound";
import { parseSearch, stringifySearch, validateSearch } from "./search";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, validateSearch });

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(async () => import("@/overview/OverviewPage"), "OverviewPage"),
});
const requests = createRoute({
  getParentRoute: () => root,
  path: "/requests",
  component: lazyRouteComponent(async () => import("@/requests/RequestsPage"), "RequestsPage"),
});
const errors = createRoute({
  getParentRoute: () => root,
  path: "/errors",
  component: lazyRouteComponent(async () => import("@/errors/ErrorsPage"), "ErrorsPage"),
});
const spend = createRoute({
  getParentRoute: () => root,
  path: "/spend",
  component: lazyRouteComponent(async () => import("@/spend/SpendPage"), "SpendPage"),
});

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([overview, requests, errors, spend]),
    basepath: BASE,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
