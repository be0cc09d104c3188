import { call, type Problem } from "../api/client";
import type { Message } from "../api/types";
import { recall, remember } from "../state/memory";
import { createStore, type Store } from "../state/store";
import type { Mode } from "./drafts";
import type { ThreadMessage } from "./thread";

/** A message that left the composer and has not been accepted by the server. */
export interface Pending {
  key: string;
  person: string;
  kind: Mode;
  text: string;
  seen_seq: number;
  at: string;
  state: "sending" | "offline" | "refused";
  /** The prepared text that this is, with what it rests on. */
  prepared?: { id: string; purpose: string; subject: string };
  close?: boolean;
  problem?: Problem;
}

export interface Outbox {
  pending: Store<readonly Pending[]>;
  send(message: Omit<Pending, "state">): Promise<void>;
  /** Tries again what waits for a connection, in the order it was written. */
  flush(): Promise<void>;
  retry(key: string): Promise<void>;
  discard(key: string): void;
}

export interface OutboxOptions {
  member: string;
  post: (message: Pending) => Promise<{ ok: true; data: Message } | { ok: false; problem: Problem }>;
  onAccepted: (message: Pending, accepted: Message) => void;
  /** Someone else wrote first, or the customer opted out: the text goes back to its composer. */
  onReturned: (message: Pending, problem: Problem) => void;
}

const returned = new Set(["stale_composer", "opted_out"]);

/**
 * Messages on their way, kept on disk until the server has them. Each carries a key that the server accepts once, so that
 * pressing thrice, a reload and a lost answer still make one text.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const place = `outbox.${options.member}`;
  // What was on its way when the tab closed is tried again; its key makes that safe.
  const before = recall<Pending[]>(place, []).map((each) => (each.state === "sending" ? { ...each, state: "offline" as const } : each));
  const pending = createStore<readonly Pending[]>(before);
  const keep = (next: readonly Pending[]) => {
    remember(place, next.length ? next : undefined);
    pending.set(next);
  };
  const change = (key: string, patch: Partial<Pending>) => keep(pending.get().map((each) => (each.key === key ? { ...each, ...patch } : each)));
  const remove = (key: string) => keep(pending.get().filter((each) => each.key !== key));
  const flying = new Set<string>();

  const attempt = async (key: string) => {
    const message = pending.get().find((each) => each.key === key);
    if (!message || flying.has(key)) return;
    flying.add(key);
    change(key, { state: "sending" });
    const result = await options.post(message);
    flying.delete(key);
    if (result.ok) {
      options.onAccepted(message, result.data);
      remove(key);
    } else if (result.problem.status === 0 || result.problem.status >= 500) change(key, { state: "offline", problem: result.problem });
    else if (returned.has(result.problem.code)) {
      remove(key);
      options.onReturned(message, result.problem);
    } else change(key, { state: "refused", problem: result.problem });
  };

  return {
    pending,
    async send(message) {
      if (pending.get().some((each) => each.key === message.key)) return;
      keep([...pending.get(), { ...message, state: "sending" }]);
      await attempt(message.key);
    },
    async flush() {
      for (const each of pending.get().filter((message) => message.state === "offline")) await attempt(each.key);
    },
    retry: attempt,
    discard: remove,
  };
}

export async function postMessage(message: Pending) {
  const { key, person, kind, text, seen_seq, prepared, close } = message;
  const rests = prepared ? { prepared: prepared.id, purpose: prepared.purpose, subject: prepared.subject } : {};
  const body = { text, kind, seen_seq, client_key: key, ...rests, ...(close ? { close } : {}) };
  return call<Message>("POST", `/conversations/${encodeURIComponent(person)}/messages`, { body, idempotencyKey: key });
}

/** A message on its way as the thread shows it. */
export function asMessage(pending: Pending, author: { id: string; name: string }): ThreadMessage {
  return {
    id: `local:${pending.key}`,
    person_id: pending.person,
    kind: pending.kind === "note" ? "note" : "out",
    author: { kind: "agent", ...author },
    text: pending.text,
    media: null,
    at: pending.at,
    received_at: "",
    delayed: false,
    channel_kind: "",
    from: "",
    to: "",
    purpose: "",
    state: "",
    state_at: "",
    segments: 0,
    encoding: "",
    episode_id: "",
    seq: Number.MAX_SAFE_INTEGER,
    simulated: false,
    client_key: pending.key,
    local: { key: pending.key, state: pending.state, ...(pending.problem ? { problem: pending.problem } : {}) },
  };
}
