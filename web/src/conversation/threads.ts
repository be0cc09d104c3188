import { call, type Problem } from "../api/client";
import type { FeedEvent, Message, MessagePage } from "../api/types";
import { onChange, onResync } from "../feed/changes";
import { createStore, type Store } from "../state/store";
import { mergeMessages } from "./thread";

export interface Thread {
  messages: Message[];
  /** The oldest, or the newest, message is here. */
  first: boolean;
  last: boolean;
  status: "empty" | "loading" | "older" | "newer" | "ready" | "failed";
  problem: Problem | undefined;
  /** Changes when the loaded window is replaced instead of grown. */
  window: number;
}

const empty: Thread = { messages: [], first: false, last: false, status: "empty", problem: undefined, window: 0 };
const threads = new Map<string, Store<Thread>>();
const pageSize = 50;
const kept = 15;

const path = (person: string) => `/conversations/${encodeURIComponent(person)}/messages`;

export function threadOf(person: string): Store<Thread> {
  let store = threads.get(person);
  if (store) threads.delete(person);
  else store = createStore(empty);
  threads.set(person, store);
  if (threads.size > kept) threads.delete(threads.keys().next().value ?? "");
  return store;
}

async function page(person: string, query: Record<string, string | number>) {
  return call<MessagePage>("GET", path(person), { query: { limit: pageSize, ...query } });
}

function fail(store: Store<Thread>, problem: Problem): void {
  store.set((now) => ({ ...now, status: now.messages.length ? "ready" : "failed", problem }));
}

/** Reads the newest page; keeps what is loaded when it joins on. */
export async function loadNewest(person: string, replace = false): Promise<void> {
  const store = threadOf(person);
  store.set((now) => ({ ...now, status: now.messages.length ? now.status : "loading", problem: undefined }));
  const result = await page(person, {});
  if (!result.ok) return fail(store, result.problem);
  const fresh = result.data.items ?? [];
  store.set((now) => {
    const oldest = fresh[0];
    const joins = !replace && now.last && oldest !== undefined && now.messages.some((message) => message.id === oldest.id);
    if (joins) return { ...now, messages: mergeMessages(now.messages, fresh), last: true, status: "ready" };
    const window = now.messages.length ? now.window + 1 : now.window;
    return { messages: mergeMessages([], fresh), first: result.data.first, last: true, status: "ready", problem: undefined, window };
  });
}

/** Starts reading a thread that nobody opened yet, so that opening it is instant. */
export function prefetch(person: string): void {
  if (threadOf(person).get().status === "empty") void loadNewest(person);
}

export async function loadOlder(person: string): Promise<void> {
  const store = threadOf(person);
  const { messages, first, status } = store.get();
  const oldest = messages[0];
  if (first || status !== "ready" || !oldest) return;
  store.set((now) => ({ ...now, status: "older" }));
  const result = await page(person, { before: oldest.id });
  if (!result.ok) return fail(store, result.problem);
  const fresh = result.data.items ?? [];
  store.set((now) => ({ ...now, messages: mergeMessages(now.messages, fresh), first: result.data.first || fresh.length === 0, status: "ready" }));
}

export async function loadNewer(person: string): Promise<void> {
  const store = threadOf(person);
  const { messages, last, status } = store.get();
  const newest = messages.at(-1);
  if (last || status !== "ready" || !newest) return;
  store.set((now) => ({ ...now, status: "newer" }));
  const result = await page(person, { after: newest.id });
  if (!result.ok) return fail(store, result.problem);
  const fresh = result.data.items ?? [];
  store.set((now) => ({ ...now, messages: mergeMessages(now.messages, fresh), last: result.data.last || fresh.length === 0, status: "ready" }));
}

/** Makes sure that a message, wherever in the history, is loaded. */
export async function loadAround(person: string, message: string): Promise<boolean> {
  const store = threadOf(person);
  if (store.get().messages.some((known) => known.id === message)) return true;
  const result = await page(person, { around: message });
  if (!result.ok) {
    fail(store, result.problem);
    return false;
  }
  const { items, first, last } = result.data;
  store.set((now) => ({ messages: mergeMessages([], items ?? []), first, last, status: "ready", problem: undefined, window: now.window + 1 }));
  return true;
}

/** Goes back through the history to its first page, which then is what is loaded. */
export async function loadFirst(person: string): Promise<void> {
  const store = threadOf(person);
  const { first, messages } = store.get();
  let oldest = messages[0]?.id;
  if (first || !oldest) return;
  store.set((now) => ({ ...now, status: "older" }));
  for (;;) {
    const result = await page(person, { before: oldest, limit: 200 });
    if (!result.ok) return fail(store, result.problem);
    const { items } = result.data;
    const head = items?.[0]?.id;
    if (!result.data.first && head && head !== oldest) {
      oldest = head;
      continue;
    }
    store.set((now) => ({ messages: mergeMessages([], items ?? []), first: true, last: false, status: "ready", problem: undefined, window: now.window + 1 }));
    return;
  }
}

export function mergeInto(person: string, messages: readonly Message[]): void {
  threadOf(person).set((now) => ({ ...now, messages: mergeMessages(now.messages, messages) }));
}

/** Reads what came after the newest message that is here. */
async function catchUp(person: string): Promise<void> {
  const store = threads.get(person);
  if (!store || store.get().status === "empty" || !store.get().last) return;
  const newest = store.get().messages.at(-1);
  if (!newest) return loadNewest(person);
  const result = await page(person, { after: newest.id });
  if (!result.ok) return;
  const { items, last } = result.data;
  store.set((now) => ({ ...now, messages: mergeMessages(now.messages, items ?? []) }));
  if (!last && items?.length) await catchUp(person);
}

function isMessage(body: unknown): body is Message {
  return typeof body === "object" && body !== null && "id" in body && "kind" in body && "author" in body && "seq" in body;
}

/** Reads the newest messages again, when many changed and none was named. */
async function refreshTail(person: string): Promise<void> {
  const result = await page(person, {});
  if (result.ok) mergeKnown(person, result.data.items ?? []);
}

/** Renews messages that are loaded, and adds none, so that the window keeps no hole. */
function mergeKnown(person: string, messages: readonly Message[]): void {
  threads.get(person)?.set((now) => {
    const known = new Set(now.messages.map((message) => message.id));
    return { ...now, messages: mergeMessages(now.messages, messages.filter((message) => known.has(message.id))) };
  });
}

function onFeed(event: FeedEvent): void {
  const { topic, person_id: person, body } = event;
  if (!threads.has(person)) return;
  const inner = body?.message;
  if (topic === "message.added") {
    const store = threads.get(person);
    if (isMessage(inner) && store?.get().last && store.get().status === "ready") mergeInto(person, [inner]);
    else void catchUp(person);
  } else if (topic === "message.changed") {
    if (isMessage(inner)) mergeKnown(person, [inner]);
    else void refreshTail(person);
  }
}

/** Keeps open threads right while the app is open. */
export function followThreads(): () => void {
  const stops = [
    onChange(onFeed),
    onResync(() => {
      // Reading a thread moves it to the end of the map: walking the map itself would never end.
      const open = [...threads];
      for (const [person, store] of open) if (store.get().last) void loadNewest(person);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
