import { call, type Problem } from "../api/client";
import { queries, queryClient } from "../api/queries";
import type { Conversation, FeedEvent, Page, View } from "../api/types";
import { onChange, onResync } from "../feed/changes";
import { createStore, type Store } from "../state/store";
import { appendPage, applyChange, belongs, emptyList, removeRow, type ListState, type Sort } from "./list";

export interface Place {
  view: View;
  q: string;
  sort: Sort;
}

export interface Loaded extends ListState {
  status: "empty" | "loading" | "ready" | "failed";
  problem: Problem | undefined;
}

/** One list, kept while the reader is elsewhere, so that Back finds it as it was. */
export interface List {
  place: Place;
  store: Store<Loaded>;
  scrollTop: number;
  mayMove: boolean;
}

const lists = new Map<string, List>();
const reader = { member: "" };
const pageSize = 60;

const keyOf = (place: Place) => JSON.stringify([place.view, place.q, place.sort]);

async function readPage(place: Place, cursor: string, limit = pageSize) {
  const query = { view: place.view, q: place.q, sort: place.sort, cursor, limit };
  return call<Page<Conversation>>("GET", "/conversations", { query });
}

function remember(conversations: readonly Conversation[]): void {
  for (const each of conversations) queryClient.setQueryData(queries.conversation(each.person_id).queryKey, each);
}

export async function reload(list: List): Promise<void> {
  const { store, place } = list;
  store.set((now) => ({ ...now, status: now.items.length ? now.status : "loading" }));
  const size = Math.min(200, Math.max(pageSize, store.get().items.length));
  const result = await readPage(place, "", size);
  if (!result.ok) {
    store.set((now) => ({ ...now, status: now.items.length ? "ready" : "failed", problem: result.problem }));
    return;
  }
  remember(result.data.items ?? []);
  store.set({ ...appendPage(emptyList, result.data), status: "ready", problem: undefined });
}

export async function loadMore(list: List): Promise<void> {
  const { store, place } = list;
  const { next, status } = store.get();
  if (!next || status !== "ready") return;
  store.set((now) => ({ ...now, status: "loading" }));
  const result = await readPage(place, next);
  if (result.ok) {
    remember(result.data.items ?? []);
    store.set((now) => ({ ...now, ...appendPage(now, result.data), status: "ready" }));
  } else store.set((now) => ({ ...now, status: "ready", problem: result.problem }));
}

export function listOf(place: Place, member: string): List {
  reader.member = member;
  const key = keyOf(place);
  let list = lists.get(key);
  if (!list) {
    list = { place, store: createStore<Loaded>({ ...emptyList, status: "empty", problem: undefined }), scrollTop: 0, mayMove: true };
    lists.set(key, list);
    if (lists.size > 12) lists.delete(lists.keys().next().value ?? "");
  }
  if (list.store.get().status === "empty") void reload(list);
  return list;
}

/** Shows a changed conversation in every list that is kept. */
export function place(conversation: Conversation): void {
  queryClient.setQueryData(queries.conversation(conversation.person_id).queryKey, conversation);
  for (const list of lists.values()) {
    const { view, q, sort } = list.place;
    list.store.set((now) => {
      const known = now.items.some((item) => item.person_id === conversation.person_id);
      // What a search finds is the server's to answer: no row joins it here. One that leaves the view leaves it too.
      if (q && !known) return now;
      const inView = belongs(conversation, view, reader.member);
      return { ...now, ...applyChange(now, { conversation, inView, sort, mayMove: list.mayMove && !q }) };
    });
  }
}

/** Changes the row at once, before the server has answered. */
export function guess(person: string, change: Partial<Conversation>): void {
  const known = queryClient.getQueryData<Conversation>(queries.conversation(person).queryKey);
  if (known) place({ ...known, ...change });
}

export function removeEverywhere(person: string, except?: View): void {
  for (const list of lists.values()) {
    if (list.place.view !== except && list.place.view !== "all") list.store.set((now) => ({ ...now, ...removeRow(now, person) }));
  }
}

export function showWaiting(list: List): void {
  list.mayMove = true;
  void reload(list);
}

const pending = new Set<string>();
const timing: { timer?: ReturnType<typeof setTimeout> } = {};

/** Reads changed conversations, many changes of one person once. */
export function refreshConversation(person: string): void {
  pending.add(person);
  timing.timer ??= setTimeout(async () => {
    delete timing.timer;
    const persons = [...pending];
    pending.clear();
    if (persons.length > 20) {
      for (const list of lists.values()) void reload(list);
      return;
    }
    await Promise.all(
      persons.map(async (id) => {
        const result = await call<Conversation>("GET", `/conversations/${encodeURIComponent(id)}`);
        if (result.ok) place(result.data);
      }),
    );
  }, 40);
}

function onFeed(event: FeedEvent): void {
  const topics = ["conversation.changed", "message.added", "presence.changed", "cart.changed", "person.changed"];
  if (event.person_id && topics.includes(event.topic)) refreshConversation(event.person_id);
}

/** Keeps the lists right while the app is open. */
export function followLists(): () => void {
  const stops = [
    onChange(onFeed),
    onResync(() => {
      for (const list of lists.values()) void reload(list);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

