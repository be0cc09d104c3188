import type { FeedEvent } from "../api/types";
import { queryClient } from "../api/queries";

/** Who wants to hear of changes; a domain keeps its own state right and tells nobody else. */
const listeners = new Set<(event: FeedEvent) => void>();
const resyncListeners = new Set<() => void>();

export function onChange(listener: (event: FeedEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function onResync(listener: () => void): () => void {
  resyncListeners.add(listener);
  return () => resyncListeners.delete(listener);
}

/** The cached answers that a change makes old. */
export function staleKeys({ topic, person_id: person }: Pick<FeedEvent, "topic" | "person_id">): unknown[][] {
  switch (topic) {
    case "conversation.changed":
      return [["counts"], ["episodes", person]];
    case "message.added":
      return [["counts"], ["timeline", person], ["sim", person], ["prepared", person]];
    case "message.changed":
      return [["sim", person]];
    case "person.changed":
      return [["person", person], ["consent", person], ["timeline", person], ["people"], ["person-codes", person]];
    case "cart.changed":
      return [["carts"], ["person-carts", person], ["person-orders", person], ["recovery"], ["timeline", person], ["person-codes", person]];
    case "journey.changed":
      return [["journeys"], ["journey-runs"], ["person-journeys", person], ["prepared", person], ["timeline", person], ["sim-clock"]];
    case "setup.changed":
      return [["me"], ["checklist"], ["settings"], ["channels"], ["shops"], ["members"], ["phones"], ["sim-clock"]];
    default:
      return [];
  }
}

const due = new Map<string, unknown[]>();
const timing: { timer?: ReturnType<typeof setTimeout> } = {};

/** Bursts of changes cost one reading each quarter of a second. */
function refreshSoon(keys: unknown[][]): void {
  for (const key of keys) due.set(JSON.stringify(key), key);
  if (timing.timer || due.size === 0) return;
  timing.timer = setTimeout(() => {
    delete timing.timer;
    for (const key of due.values()) void queryClient.invalidateQueries({ queryKey: key });
    due.clear();
  }, 250);
}

/** One event about many people is as good as one for each. */
export function announce(event: FeedEvent): void {
  const many = event.body?.person_ids;
  if (!event.person_id && Array.isArray(many)) {
    for (const person of many.slice(0, 50)) announce({ ...event, person_id: String(person), body: null });
    if (many.length > 50) announceResync();
    return;
  }
  refreshSoon(staleKeys(event));
  if (event.topic === "message.added" || event.topic === "cart.changed") refreshSoon([["checklist"]]);
  for (const listener of listeners) listener(event);
}

export function announceResync(): void {
  void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "me" });
  for (const listener of resyncListeners) listener();
}
