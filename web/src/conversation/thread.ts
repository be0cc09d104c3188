import type { Episode, Message } from "../api/types";
import type { Problem } from "../api/client";

/** A message that is on its way to the server, or that the server refused. */
export interface Local {
  /** In the outbox. */
  key: string;
  state: "sending" | "offline" | "refused";
  problem?: Problem;
}

export type ThreadMessage = Message & { local?: Local };

export type Filter = "all" | "messages" | "events";

/** How far a state is on its way; receipts may arrive out of order and never lead back. */
const rank: Record<string, number> = { undo: 0, held: 1, queued: 2, sending: 3, unknown: 4, sent: 5, dropped: 6, failed: 6, delivered: 7, read: 8 };

function isSettled(message: Message): boolean {
  return (rank[message.state] ?? 0) >= 5;
}

function newer(have: Message, incoming: Message): Message {
  // What was taken back carries the time at which it was written, which is before that of its wait.
  if (isSettled(have) !== isSettled(incoming)) return isSettled(have) ? have : incoming;
  if (have.state_at && incoming.state_at && have.state_at !== incoming.state_at) {
    return have.state_at > incoming.state_at ? have : incoming;
  }
  return (rank[have.state] ?? 0) > (rank[incoming.state] ?? 0) ? have : incoming;
}

/** By time; what automation sent unasked has no number (0), the others break ties by theirs. */
function order(a: Message, b: Message): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return (a.seq && b.seq && a.seq - b.seq) || (a.id < b.id ? -1 : 1);
}

/** The two sets as one, each message once, in the order of the thread. */
export function mergeMessages(have: readonly Message[], incoming: readonly Message[]): Message[] {
  const byId = new Map(have.map((message) => [message.id, message]));
  for (const message of incoming) {
    const known = byId.get(message.id);
    byId.set(message.id, known ? newer(known, message) : message);
  }
  return [...byId.values()].toSorted(order);
}

/** Messages of the server with those that are still on their way; one that arrived is never shown twice. */
export function withLocal(messages: readonly Message[], local: readonly ThreadMessage[]): ThreadMessage[] {
  const arrived = new Set(messages.map((message) => message.client_key).filter(Boolean));
  return [...messages, ...local.filter((message) => !arrived.has(message.client_key))];
}

export type Row =
  | { kind: "chapter"; key: string; episode: Episode; collapsed: boolean }
  | { kind: "day"; key: string; at: string }
  | { kind: "message"; key: string; message: ThreadMessage; grouped: boolean; newSpeaker: boolean }
  | { kind: "events"; key: string; events: Message[]; open: boolean };

export interface Shape {
  episodes: readonly Episode[];
  collapsed: ReadonlySet<string>;
  opened: ReadonlySet<string>;
  filter: Filter;
  /** There is history above what is loaded. */
  partial?: boolean;
}

const together = 60_000;

function sameSpeaker(a: ThreadMessage, b: ThreadMessage): boolean {
  return a.kind === b.kind && a.author.kind === b.author.kind && a.author.id === b.author.id && a.author.name === b.author.name;
}

/** The lines of the thread: chapters, days, messages, and runs of events that fold. */
export function buildRows(messages: readonly ThreadMessage[], shape: Shape): Row[] {
  const episodes = new Map(shape.episodes.map((episode) => [episode.id, episode]));
  const rows: Row[] = [];
  let chapter = "";
  let day = "";
  let before: ThreadMessage | undefined;
  let run: Message[] = [];

  const flush = () => {
    const [head] = run;
    if (!head) return;
    const key = `events:${head.id}`;
    const open = run.length <= 3 || shape.opened.has(key);
    rows.push({ kind: "events", key, events: run, open });
    run = [];
    before = undefined;
  };

  // At the top of a part nobody knows which headings the first message will have: it is shown when the part above has come.
  // Until then it only says in which chapter, on which day and after whom the next one is, so that no line changes later.
  const shown = messages.filter((message) => shape.filter === "all" || (message.kind === "event") === (shape.filter === "events"));
  const [top, ...below] = shown;
  const holds = shape.partial === true && top !== undefined && !shape.collapsed.has(top.episode_id);
  if (holds) {
    chapter = top.episode_id;
    day = new Date(top.at).toDateString();
    before = top.kind === "event" ? undefined : top;
  }
  for (const message of holds ? below : shown) {
    const episode = episodes.get(message.episode_id);
    if (episode && episode.id !== chapter) {
      flush();
      chapter = episode.id;
      rows.push({ kind: "chapter", key: `chapter:${episode.id}:${message.id}`, episode, collapsed: shape.collapsed.has(episode.id) });
      before = undefined;
    }
    if (episode && shape.collapsed.has(episode.id)) continue;
    const date = new Date(message.at).toDateString();
    if (date !== day) {
      flush();
      day = date;
      rows.push({ kind: "day", key: `day:${date}:${message.id}`, at: message.at });
      before = undefined;
    }
    if (message.kind === "event") {
      run.push(message);
      continue;
    }
    flush();
    const near = before !== undefined && Date.parse(message.at) - Date.parse(before.at) <= together;
    const same = before !== undefined && sameSpeaker(before, message);
    rows.push({ kind: "message", key: message.client_key ? `m:${message.client_key}` : message.id, message, grouped: same && near, newSpeaker: !same });
    before = message;
  }
  flush();
  return rows;
}

export function indexOfMessage(rows: readonly Row[], id: string): number {
  return rows.findIndex((row) => (row.kind === "message" && row.message.id === id) || (row.kind === "events" && row.events.some((event) => event.id === id)));
}

/** The episode that a line of the thread is in. */
export function episodeAt(rows: readonly Row[], index: number, episodes: readonly Episode[]): Episode | undefined {
  for (let i = Math.min(index, rows.length - 1); i >= 0; i--) {
    const row = rows[i];
    if (row?.kind === "chapter") return row.episode;
    const id = row?.kind === "message" ? row.message.episode_id : row?.kind === "events" ? row.events[0]?.episode_id : "";
    const found = id && episodes.find((episode) => episode.id === id);
    if (found) return found;
  }
  return undefined;
}

/** The number of the newest thing that the reader knows. */
export function latestSeq(messages: readonly Message[]): number {
  return messages.reduce((most, message) => (message.seq < Number.MAX_SAFE_INTEGER && message.seq > most ? message.seq : most), 0);
}
