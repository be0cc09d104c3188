import { QueryClient, queryOptions } from "@tanstack/react-query";
import { get, problemOf } from "./client";
import type * as Api from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      // The change feed says when something is old; focus says nothing.
      refetchOnWindowFocus: false,
      retry: (count, error) => {
        const { status } = problemOf(error);
        return count < 2 && (status === 0 || status >= 500);
      },
      networkMode: "always",
    },
  },
});

const read = <T>(key: readonly unknown[], path: string, query?: Parameters<typeof get>[1]) =>
  queryOptions({ queryKey: key, queryFn: ({ signal }) => get<T>(path, query, signal) });

const id = encodeURIComponent;

export const queries = {
  me: () => ({ ...read<Api.Me>(["me"], "/me"), staleTime: Infinity }),
  setup: () => read<Api.SetupState>(["setup"], "/setup"),
  checklist: () => read<Api.Checklist>(["checklist"], "/checklist"),
  counts: () => read<Partial<Record<Api.View, number>>>(["counts"], "/conversations/counts"),
  conversation: (person: string) => read<Api.Conversation>(["conversation", person], `/conversations/${id(person)}`),
  episodes: (person: string) => read<Api.Page<Api.Episode>>(["episodes", person], `/conversations/${id(person)}/episodes`),
  people: (q: string, cursor = "") => read<Api.Page<Api.Person>>(["people", q, cursor], "/people", { q, cursor }),
  prepared: (person: string) => read<{ items: Api.Prepared[] | null }>(["prepared", person], `/conversations/${id(person)}/prepared`),
  person: (person: string) => read<Api.Person>(["person", person], `/people/${id(person)}`),
  consent: (person: string) => read<{ cards: Api.ConsentCard[] | null }>(["consent", person], `/people/${id(person)}/consent`),
  personJourneys: (person: string) => read<{ items: Api.JourneyRun[] | null }>(["person-journeys", person], `/people/${id(person)}/journeys`),
  personCarts: (person: string) => read<Api.Page<Api.Cart>>(["person-carts", person], `/people/${id(person)}/carts`),
  personOrders: (person: string) => read<Api.Page<Api.Order>>(["person-orders", person], `/people/${id(person)}/orders`),
  personCodes: (person: string) => read<{ items: Api.Code[] | null; links?: Api.TrackedLink[] | null }>(["person-codes", person], `/people/${id(person)}/codes`),
  offers: () => read<Api.Page<Api.Offer>>(["offers"], "/offers"),
  cartBoard: () => read<{ columns: Api.CartColumn[] | null }>(["carts", "board"], "/carts/board"),
  recovery: (from: string, to: string) => read<Api.RecoveryReport>(["recovery", from, to], "/reports/recovery", { from, to }),
  journeys: () => read<Api.Page<Api.Journey>>(["journeys"], "/journeys"),
  journey: (journey: string) => read<Api.Journey>(["journeys", journey], `/journeys/${id(journey)}`),
  journeyRuns: (journey: string) => read<Api.Page<Api.JourneyRun>>(["journey-runs", journey], `/journeys/${id(journey)}/runs`),
  channels: () => read<Api.Page<Api.Channel>>(["channels"], "/channels"),
  channelKinds: () => read<Api.Page<Api.ChannelKind>>(["channel-kinds"], "/channel-kinds"),
  channelHealth: (channel: string) => read<Api.ChannelHealth>(["channel-health", channel], `/channels/${id(channel)}/health`),
  shops: () => read<Api.Page<Api.Shop>>(["shops"], "/shops"),
  members: () => read<Api.Page<Api.Member>>(["members"], "/members"),
  invites: () => read<Api.Page<Api.Invite>>(["invites"], "/invites"),
  roles: () => read<Api.RoleMatrix>(["roles"], "/roles"),
  keys: () => read<Api.Page<Api.ApiKey>>(["api-keys"], "/api-keys"),
  settings: () => read<Api.Settings>(["settings"], "/settings"),
  phones: () => read<Api.SimPhone[] | Api.Page<Api.SimPhone>>(["phones"], "/sim/phones"),
  simClock: () => read<Api.SimClock>(["sim-clock"], "/sim/clock"),
};

/** A list may come bare or as a page. */
export function itemsOf<T>(answer: T[] | { items?: T[] | null } | undefined | null): T[] {
  if (!answer) return [];
  return Array.isArray(answer) ? answer : (answer.items ?? []);
}
