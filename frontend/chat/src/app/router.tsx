import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import * as v from "valibot";
import { compareSearch, newCompareSearch } from "@/compare/search";
import { PageProblem } from "./PageProblem";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { SignInPage } from "./SignInPage";
import { ConversationPage } from "@/thread/ConversationPage";

/** A part of the address that is not as it should be counts as left out: an old link still opens. */
const optional = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.optional(schema), undefined);

const rootRoute = createRootRoute({ notFoundComponent: NotFound, errorComponent: PageProblem });
const shell = createRoute({ getParentRoute: () => rootRoute, id: "shell", component: Shell });

// One page for both addresses: sending the first message changes the address, and must not move the focus.
const conversation = createRoute({ getParentRoute: () => shell, id: "conversation", component: ConversationPage });
const newConversation = createRoute({
  getParentRoute: () => conversation,
  path: "/",
  validateSearch: v.object({ q: optional(v.string()), model: optional(v.string()) }),
});
const oneConversation = createRoute({
  getParentRoute: () => conversation,
  path: "/c/$id",
  validateSearch: v.object({ m: optional(v.string()) }),
});

const compareNew = createRoute({
  getParentRoute: () => shell,
  path: "/compare/new",
  validateSearch: newCompareSearch,
  component: lazyRouteComponent(() => import("@/compare/NewComparePage"), "NewComparePage"),
});
const compareOne = createRoute({
  getParentRoute: () => shell,
  path: "/compare/$id",
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import("@/compare/ComparePage"), "ComparePage"),
});
const models = createRoute({
  getParentRoute: () => shell,
  path: "/models",
  validateSearch: v.object({
    q: optional(v.string()),
    images: optional(v.boolean()),
    tools: optional(v.boolean()),
    cheap: optional(v.boolean()),
    ready: optional(v.boolean()),
  }),
  component: lazyRouteComponent(() => import("@/models/ModelsPage"), "ModelsPage"),
});
const oneModel = createRoute({
  getParentRoute: () => shell,
  path: "/models/$id",
  component: lazyRouteComponent(() => import("@/models/ModelPage"), "ModelPage"),
});
const usage = createRoute({
  getParentRoute: () => shell,
  path: "/usage",
  validateSearch: v.object({ days: optional(v.number()), by: optional(v.string()) }),
  component: lazyRouteComponent(() => import("@/usage/UsagePage"), "UsagePage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  beforeLoad: ({ location }) => {
    if (/\/settings\/?$/.test(location.pathname)) throw redirect({ to: "/settings/you", replace: true });
  },
});
const settingsYou = createRoute({
  getParentRoute: () => settings,
  path: "you",
  component: lazyRouteComponent(() => import("@/settings/SettingsYouPage"), "SettingsYouPage"),
});
const settingsModels = createRoute({
  getParentRoute: () => settings,
  path: "models",
  component: lazyRouteComponent(() => import("@/settings/SettingsModelsPage"), "SettingsModelsPage"),
});
const settingsPrompts = createRoute({
  getParentRoute: () => settings,
  path: "prompts",
  component: lazyRouteComponent(() => import("@/settings/SettingsPromptsPage"), "SettingsPromptsPage"),
});
const settingsData = createRoute({
  getParentRoute: () => settings,
  path: "data",
  component: lazyRouteComponent(() => import("@/settings/SettingsDataPage"), "SettingsDataPage"),
});
const settingsKeys = createRoute({
  getParentRoute: () => settings,
  path: "keys",
  component: lazyRouteComponent(() => import("@/settings/SettingsKeysPage"), "SettingsKeysPage"),
});

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: v.object({ to: optional(v.string()) }),
});

const routeTree = rootRoute.addChildren([
  signIn,
  shell.addChildren([
    conversation.addChildren([newConversation, oneConversation]),
    compareNew,
    compareOne,
    models,
    oneModel,
    usage,
    settings.addChildren([settingsYou, settingsModels, settingsPrompts, settingsData, settingsKeys]),
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  scrollRestoration: false, // each pane that scrolls keeps its own place
  defaultErrorComponent: PageProblem,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
