import type { Conversation, View } from "../api/types";

export type Sort = "waiting" | "newest";

/** One queue as it is on screen. */
export interface ListState {
  items: Conversation[];
  /** Cursor of the next page; undefined at the end. */
  next: string | undefined;
  total: number | undefined;
  /** Persons that came or rose while the reader was further down; shown on request. */
  waiting: readonly string[];
}

export const emptyList: ListState = { items: [], next: undefined, total: undefined, waiting: [] };


/** Whether a conversation is in a view; the server's rule, for changes that come by the feed. */
export function belongs(conversation: Conversation, view: View, member: string): boolean {
  const open = conversation.status === "open";
  switch (view) {
    case "all":
      return true;
    case "closed":
      return conversation.status === "closed";
    case "snoozed":
      return conversation.status === "snoozed";
    case "open":
      return open;
    case "mine":
      return open && conversation.owner?.id === member;
    case "bot":
      return open && conversation.floor === "bot";
    case "unassigned":
      return open && !conversation.owner && conversation.floor !== "bot";
  }
}

/** Longest waiting for a human first, then the newest; or simply the newest. */
export function compare(sort: Sort) {
  return (a: Conversation, b: Conversation): number => {
    const tie = a.person_id < b.person_id ? -1 : 1;
    if (sort === "waiting") {
      if (a.waiting_since && b.waiting_since && a.waiting_since !== b.waiting_since) return a.waiting_since < b.waiting_since ? -1 : 1;
      if (a.waiting_since && b.waiting_since) return tie;
      if (Boolean(a.waiting_since) !== Boolean(b.waiting_since)) return a.waiting_since ? -1 : 1;
    }
    if (a.last_at !== b.last_at) return a.last_at > b.last_at ? -1 : 1;
    return sort === "newest" ? -tie : tie;
  };
}

/** The list with one more page behind it. */
export function appendPage(state: ListState, page: { items: Conversation[] | null; next?: string; total?: number }): ListState {
  const known = new Set(state.items.map((item) => item.person_id));
  const fresh = (page.items ?? []).filter((item) => !known.has(item.person_id));
  return { ...state, items: [...state.items, ...fresh], next: page.next || undefined, total: page.total ?? state.total };
}

export interface Change {
  conversation: Conversation;
  inView: boolean;
  sort: Sort;
  /** The reader looks at the top of the list and holds nothing: rows may move. */
  mayMove: boolean;
}

/** Puts a changed conversation where it belongs, without moving what is under the reader's eyes. */
export function applyChange(state: ListState, change: Change): ListState {
  const { conversation, inView, sort, mayMove } = change;
  const id = conversation.person_id;
  const at = state.items.findIndex((item) => item.person_id === id);
  const old = state.items[at];
  if (old && old.version > conversation.version) return state;
  if (!inView) {
    if (at < 0 && !state.waiting.includes(id)) return state;
    const total = state.total === undefined ? undefined : state.total - 1;
    return { ...state, items: state.items.filter((item) => item.person_id !== id), waiting: state.waiting.filter((w) => w !== id), total };
  }
  const total = old || state.waiting.includes(id) || state.total === undefined ? state.total : state.total + 1;
  const order = compare(sort);
  const moves = !old || order(old, conversation) !== 0;
  if (old && (!moves || !mayMove)) {
    const items = state.items.slice();
    items[at] = conversation;
    return { ...state, items, total };
  }
  const rest = old ? state.items.filter((item) => item.person_id !== id) : state.items;
  const place = rest.findIndex((item) => order(conversation, item) < 0);
  // Beyond what is loaded: it comes with its page.
  if (place < 0 && state.next) return { ...state, items: rest, total };
  if (!mayMove && !old) return { ...state, waiting: [...new Set([...state.waiting, id])], total };
  const items = rest.slice();
  items.splice(place < 0 ? rest.length : place, 0, conversation);
  return { ...state, items, waiting: state.waiting.filter((w) => w !== id), total };
}

export function removeRow(state: ListState, id: string): ListState {
  if (!state.items.some((item) => item.person_id === id)) return state;
  const total = state.total === undefined ? undefined : Math.max(0, state.total - 1);
  return { ...state, items: state.items.filter((item) => item.person_id !== id), total };
}

/** The row to go to when this one leaves: the next, or at the end the one before. */
export function neighbour(items: readonly Conversation[], id: string): string | undefined {
  const at = items.findIndex((item) => item.person_id === id);
  if (at < 0) return items[0]?.person_id;
  return (items[at + 1] ?? items[at - 1])?.person_id;
}
