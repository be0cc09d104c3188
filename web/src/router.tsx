import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import type { View } from "./api/types";
import { views } from "./conversation/inboxList";
import { DeskLayout, NoConversation } from "./conversation/inbox";
import type { DeskSearch } from "./conversation/place";
import { Gate } from "./shell/gate";
import { NotFound } from "./shell/notFound";
import { Shell } from "./shell/shell";

export interface ReportSearch {
  from?: string | undefined;
  to?: string | undefined;
  metric?: string | undefined;
  key?: string | undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

// A phone in the hand of a guest has no session: it is let in by its own token.
const phone = createRoute({
  getParentRoute: () => root,
  path: "/sim/$number",
  validateSearch: (search: Record<string, unknown>): { t?: string | undefined } => ({ t: text(search.t) }),
  component: lazyRouteComponent(() => import("./sim/page"), "PhonePage"),
});
const join = createRoute({ getParentRoute: () => root, path: "/join/$token", component: lazyRouteComponent(() => import("./setup/join"), "JoinPage") });
const reset = createRoute({ getParentRoute: () => root, path: "/reset/$token", component: lazyRouteComponent(() => import("./setup/join"), "ResetPage") });

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  component: () => (
    <Gate>
      <Shell />
    </Gate>
  ),
});
const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox", replace: true });
  },
});
const login = createRoute({
  getParentRoute: () => app,
  path: "/login",
  // Reached by people without a session, whom the gate shows the sign-in; the others go to work.
  component: lazyRouteComponent(() => import("./setup/enter"), "Enter"),
});

function deskSearch(search: Record<string, unknown>): DeskSearch {
  return {
    view: views.includes(search.view as View) ? (search.view as View) : undefined,
    q: typeof search.q === "string" || typeof search.q === "number" ? String(search.q) : undefined,
    sort: search.sort === "newest" ? "newest" : undefined,
    m: typeof search.m === "string" ? search.m : undefined,
  };
}
const desk = createRoute({ getParentRoute: () => app, id: "desk", component: DeskLayout, validateSearch: deskSearch });
const inbox = createRoute({ getParentRoute: () => desk, path: "/inbox", component: NoConversation });
const conversation = createRoute({ getParentRoute: () => desk, path: "/c/$person", component: lazyRouteComponent(() => import("./conversation/pane"), "ConversationRoute") });

const people = createRoute({
  getParentRoute: () => app,
  path: "/people",
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined } => ({ q: text(search.q) }),
  component: lazyRouteComponent(() => import("./people/list"), "PeoplePage"),
});
const person = createRoute({ getParentRoute: () => app, path: "/people/$person", component: lazyRouteComponent(() => import("./people/page"), "PersonPage") });
const carts = createRoute({
  getParentRoute: () => app,
  path: "/carts",
  validateSearch: (search: Record<string, unknown>): { show?: "list" | undefined; state?: string | undefined } => ({ show: search.show === "list" ? "list" : undefined, state: text(search.state) }),
  component: lazyRouteComponent(() => import("./commerce/carts"), "CartsPage"),
});
const reports = createRoute({
  getParentRoute: () => app,
  path: "/reports",
  validateSearch: (search: Record<string, unknown>): ReportSearch => ({
    from: text(search.from),
    to: text(search.to),
    metric: text(search.metric),
    key: text(search.key),
  }),
  component: lazyRouteComponent(() => import("./report/report"), "ReportPage"),
});
const journeys = createRoute({ getParentRoute: () => app, path: "/journeys", component: lazyRouteComponent(() => import("./journey/journeys"), "JourneysPage") });
const journey = createRoute({ getParentRoute: () => app, path: "/journeys/$journey", component: lazyRouteComponent(() => import("./journey/journey"), "JourneyPage") });
const offers = createRoute({ getParentRoute: () => app, path: "/offers", component: lazyRouteComponent(() => import("./offer/offers"), "OffersPage") });
const phones = createRoute({ getParentRoute: () => app, path: "/sim", component: lazyRouteComponent(() => import("./sim/phones"), "PhonesPage") });
const settings = createRoute({ getParentRoute: () => app, path: "/settings/$section", component: lazyRouteComponent(() => import("./org/settings"), "SettingsPage") });

const tree = root.addChildren([
  phone,
  join,
  reset,
  app.addChildren([home, login, desk.addChildren([inbox, conversation]), people, person, carts, reports, journeys, journey, offers, phones, settings]),
]);

export const router = createRouter({ routeTree: tree, scrollRestoration: false, defaultPreload: "intent", defaultPendingMs: 400 });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
