import { describe, expect, it } from "vitest";
import type { Conversation, Episode, Message } from "../api/types";
import { applyChange, belongs, compare, emptyList, neighbour, type ListState } from "./list";
import { buildRows, episodeAt, latestSeq, mergeMessages, withLocal, type ThreadMessage } from "./thread";

const message = (seq: number, change: Partial<ThreadMessage> = {}): ThreadMessage => ({
  id: `msg_${seq}`,
  person_id: "per_1",
  kind: "in",
  author: { kind: "customer", id: "per_1", name: "Maria" },
  text: `text ${seq}`,
  media: null,
  at: new Date(Date.UTC(2026, 10, 21, 14, Math.min(seq, 59))).toISOString(),
  received_at: "",
  delayed: false,
  channel_kind: "sim",
  from: "",
  to: "",
  purpose: "",
  state: "received",
  state_at: "",
  segments: 1,
  encoding: "GSM-7",
  episode_id: "",
  seq,
  simulated: true,
  client_key: "",
  ...change,
});
const ids = (messages: readonly Message[]) => messages.map((each) => each.seq);

describe("messages of a thread", () => {
  it("are in the order of the thread however the pages arrive, each once", () => {
    const pages = [[message(5), message(6)], [message(1), message(2)], [message(3), message(4), message(5)]];
    expect(ids(pages.reduce<Message[]>((all, page) => mergeMessages(all, page), []))).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("keep the later state when receipts arrive out of order", () => {
    const out = { kind: "out" as const, author: { kind: "agent" as const, id: "mem_1", name: "Ana" } };
    const delivered = message(1, { ...out, state: "delivered", state_at: "2026-11-21T14:02:00Z" });
    const sent = message(1, { ...out, state: "sent", state_at: "2026-11-21T14:01:00Z" });
    expect(mergeMessages([delivered], [sent])[0]?.state).toBe("delivered");
    expect(mergeMessages([sent], [delivered])[0]?.state).toBe("delivered");
    expect(mergeMessages([{ ...delivered, state_at: "" }], [{ ...sent, state_at: "" }])[0]?.state).toBe("delivered");
  });
  it("show what was taken back as not sent, whatever the times say", () => {
    const out = { kind: "out" as const, author: { kind: "agent" as const, id: "mem_1", name: "Ana" } };
    const waiting = message(1, { ...out, state: "undo", state_at: "2026-11-21T14:01:01Z" });
    const dropped = message(1, { ...out, state: "dropped", state_at: "2026-11-21T14:01:00Z" });
    expect(mergeMessages([waiting], [dropped])[0]?.state).toBe("dropped");
    expect(mergeMessages([dropped], [waiting])[0]?.state).toBe("dropped");
  });
  it("show one that arrived once, not beside its copy on the way", () => {
    const local = message(Number.MAX_SAFE_INTEGER, { id: "local:k1", client_key: "k1", local: { key: "k1", state: "sending" } });
    expect(withLocal([message(1)], [local])).toHaveLength(2);
    expect(withLocal([message(1), message(2, { client_key: "k1" })], [local])).toHaveLength(2);
    expect(latestSeq(withLocal([message(1)], [local]))).toBe(1);
  });
});

describe("lines of a thread", () => {
  const episode = (number: number): Episode => ({ id: `epi_${number}`, number, status: "open", topic: "", opened_at: "", closed_at: "", result: "", messages: 1 });
  const shape = { episodes: [episode(1), episode(2)], collapsed: new Set<string>(), opened: new Set<string>(), filter: "all" as const };
  const event = (seq: number) => message(seq, { kind: "event", event: { type: "cart", title: "Cart", props: null, link: "" } });
  const kinds = (messages: ThreadMessage[], change = {}) => buildRows(messages, { ...shape, ...change }).map((row) => row.kind);

  it("of a part stay when the part above it comes, so that no reader loses the place", () => {
    const part = [message(3, { episode_id: "epi_1" }), message(4, { episode_id: "epi_1" }), message(5, { episode_id: "epi_2" })];
    const rows = buildRows(part, { ...shape, partial: true });
    const whole = buildRows([message(1, { episode_id: "epi_1" }), message(2, { episode_id: "epi_1" }), ...part], shape);
    expect(whole.slice(-rows.length)).toEqual(rows);
    expect(rows[0]).toMatchObject({ kind: "message", message: { seq: 4 } });
    expect(episodeAt(rows, 0, shape.episodes)?.number).toBe(1);
  });
  it("open with a chapter for each episode and a line for each day", () => {
    expect(kinds([message(1, { episode_id: "epi_1" }), message(2, { episode_id: "epi_1" }), message(3, { episode_id: "epi_2" })])).toEqual([
      "chapter",
      "day",
      "message",
      "message",
      "chapter",
      "message",
    ]);
  });
  it("group what one speaker says within a minute", () => {
    const rows = buildRows([message(1), message(2), message(9), message(10, { kind: "note" })], shape).filter((row) => row.kind === "message");
    expect(rows.map((row) => row.grouped)).toEqual([false, true, false, false]);
    expect(rows.map((row) => row.newSpeaker)).toEqual([true, false, false, true]);
  });
  it("fold more than three events in a row", () => {
    const four = [event(1), event(2), event(3), event(4)];
    expect(buildRows(four, shape).find((row) => row.kind === "events")).toMatchObject({ open: false });
    expect(buildRows(four.slice(1), shape).find((row) => row.kind === "events")).toMatchObject({ open: true });
  });
  it("hide what a filter hides and what is in a closed chapter", () => {
    const all = [message(1, { episode_id: "epi_1" }), event(2)];
    expect(kinds(all, { filter: "messages" })).toEqual(["chapter", "day", "message"]);
    expect(kinds(all, { filter: "events" })).toEqual(["day", "events"]);
    expect(kinds(all.slice(0, 1), { collapsed: new Set(["epi_1"]) })).toEqual(["chapter"]);
  });
  it("know which episode a line is in", () => {
    const rows = buildRows([message(1, { episode_id: "epi_1" }), message(2, { episode_id: "epi_2" })], shape);
    expect(rows.map((_, i) => episodeAt(rows, i, shape.episodes)?.number)).toEqual([1, 1, 1, 2, 2]);
  });
  it("keep a key from the composer to the server, so that the bubble does not blink", () => {
    const key = (m: ThreadMessage) => buildRows([m], shape).at(-1)?.key;
    expect(key(message(9, { id: "local:k", client_key: "k" }))).toBe(key(message(3, { id: "msg_3", client_key: "k" })));
  });
});

describe("the inbox list", () => {
  const conversation = (person: string, change: Partial<Conversation> = {}): Conversation => ({
    person_id: person,
    name: person,
    number: "",
    avatar_initials: "",
    preview: "",
    preview_author: "customer",
    preview_author_name: "",
    last_at: "2026-11-21T14:00:00Z",
    waiting_since: "",
    overdue: false,
    unread: 0,
    seen: false,
    channel_kind: "sim",
    floor: "none",
    tags: [],
    snoozed_until: "",
    status: "open",
    seq: 1,
    opted_out: false,
    viewers: [],
    version: 1,
    ...change,
  });
  const at = (minute: number) => `2026-11-21T14:${String(minute).padStart(2, "0")}:00Z`;
  const state = (...items: Conversation[]): ListState => ({ ...emptyList, items, total: items.length });
  const names = (list: ListState) => list.items.map((item) => item.person_id);
  const rules = { inView: true, sort: "waiting" as const, mayMove: true };

  it("has who waits longest for a person first; a bot's message does not reset the wait", () => {
    const rows = [conversation("new", { waiting_since: at(30) }), conversation("idle", { last_at: at(59) }), conversation("old", { waiting_since: at(5), last_at: at(40) })];
    expect(rows.toSorted(compare("waiting")).map((row) => row.person_id)).toEqual(["old", "new", "idle"]);
  });
  it("puts an arrival in its place at the top of the list, and counts it", () => {
    const list = applyChange(state(conversation("a", { waiting_since: at(10) })), { ...rules, conversation: conversation("b", { waiting_since: at(5) }) });
    expect(names(list)).toEqual(["b", "a"]);
    expect(list.total).toBe(2);
  });
  it("collects arrivals instead of moving rows while the reader is further down", () => {
    const list = applyChange(state(conversation("a", { waiting_since: at(10) })), { ...rules, mayMove: false, conversation: conversation("b", { waiting_since: at(5) }) });
    expect(names(list)).toEqual(["a"]);
    expect(list.waiting).toEqual(["b"]);
    expect(list.total).toBe(2);
  });
  it("changes a row in place while the reader is further down", () => {
    const list = applyChange(state(conversation("a"), conversation("b")), { ...rules, mayMove: false, conversation: conversation("b", { waiting_since: at(1), preview: "hi", version: 2 }) });
    expect(names(list)).toEqual(["a", "b"]);
    expect(list.items[1]?.preview).toBe("hi");
  });
  it("never goes back to an older version", () => {
    const list = state(conversation("a", { version: 5, preview: "new" }));
    expect(applyChange(list, { ...rules, conversation: conversation("a", { version: 4, preview: "old" }) })).toBe(list);
  });
  it("drops what left the view, and the next row takes the focus", () => {
    const rows = [conversation("a"), conversation("b"), conversation("c")];
    expect(neighbour(rows, "b")).toBe("c");
    expect(neighbour(rows, "c")).toBe("b");
    const list = applyChange(state(...rows), { ...rules, inView: false, conversation: conversation("b", { version: 2 }) });
    expect([names(list), list.total]).toEqual([["a", "c"], 2]);
  });
  it("sorts conversations into views", () => {
    const mine = conversation("a", { owner: { id: "mem_1", name: "Ana" } });
    const bot = conversation("b", { floor: "bot" });
    const later = conversation("c", { status: "snoozed", snoozed_until: at(50) });
    const views = (c: Conversation) => (["mine", "unassigned", "bot", "snoozed", "closed", "open"] as const).filter((view) => belongs(c, view, "mem_1"));
    expect(views(mine)).toEqual(["mine", "open"]);
    expect(views(bot)).toEqual(["bot", "open"]);
    expect(views(later)).toEqual(["snoozed"]);
    expect(views(conversation("d"))).toEqual(["unassigned", "open"]);
    expect(views(conversation("e", { status: "closed" }))).toEqual(["closed"]);
    expect(views(conversation("f", { status: "quiet" }))).toEqual([]);
  });
});
