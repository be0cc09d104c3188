import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageState } from "../api/types";
import { count } from "../text/segments";
import { snoozeTimes } from "./actions";
import { capacity, costOf, remedy } from "./counter";
import { asMessage } from "./outbox";
import { stateView } from "./state";
import type { ThreadMessage } from "./thread";
import { evidence } from "./why";

const now = Date.parse("2026-11-21T14:00:00Z");
const iso = (at: number) => new Date(at).toISOString();

const sent = (change: Partial<ThreadMessage>): ThreadMessage => {
  const message = asMessage({ key: "k", person: "per_1", kind: "reply", text: "Hi", seen_seq: 0, at: iso(now), state: "sending" }, { id: "mem_1", name: "Ana" });
  delete message.local;
  return { ...message, channel_kind: "sim", ...change };
};

beforeEach(() => {
  vi.spyOn(navigator, "language", "get").mockReturnValue("en-GB");
});

describe("what a text costs", () => {
  it("is its segments' price, and words where nobody knows it", () => {
    expect(costOf(count("a".repeat(161)), { micros: 43_000, currency: "EUR" })).toBe("€0.086");
    expect(costOf(count("a"), { micros: 0, currency: "EUR" })).toBe("€0.00");
    expect(costOf(count("a"), null)).toBe("price unknown");
  });
});

describe("what is said about a message's fate", () => {
  it("counts the seconds of undo down, and then only says that it is sending", () => {
    const message = sent({ state: "undo", undo_until: iso(now + 3400) });
    expect(stateView(message, now)).toMatchObject({ word: "Sending in 4 s", action: "undo" });
    expect(stateView(message, now + 5000)).toMatchObject({ word: "Sending", action: "" });
  });
  it("has its own word, and its own icon or tone, for each state", () => {
    const states: MessageState[] = ["undo", "held", "queued", "sending", "sent", "delivered", "failed", "unknown", "dropped"];
    const views = states.map((state) => stateView(sent({ state, undo_until: iso(now + 4000) }), now));
    expect(new Set(views.map((view) => view?.word)).size).toBe(states.length);
    expect(views.every((view) => view?.icon)).toBe(true);
  });
  it("says after a day without a receipt that there is none, and neither waits for ever nor claims delivery", () => {
    const message = sent({ state: "sent", state_at: iso(now) });
    expect(stateView(message, now + 3_600_000)?.word).toBe("Sent");
    expect(stateView(message, now + 25 * 3_600_000)?.word).toBe("Sent · no receipt from carrier");
  });
  it("never says that a text was read", () => {
    expect(stateView(sent({ state: "read" }), now)?.word).toBe("Delivered");
    expect(stateView(sent({ state: "read", channel_kind: "whatsapp" }), now)?.word).toBe("Read");
  });
  it("gives the reason in words with the carrier's code, and a way on", () => {
    const view = stateView(sent({ state: "failed", reason: { code: "30007", text: "The carrier filtered the text", action: "edit_text" } }), now);
    expect(view).toMatchObject({ word: "Not delivered", reason: "The carrier filtered the text (30007)", action: "edit_text", tone: "danger" });
  });
  it("offers no second try to somebody who must be asked first", () => {
    expect(stateView(sent({ state: "failed", reason: { code: "opted_out", text: "The customer opted out", action: "ask_customer" } }), now)?.action).toBe("");
    expect(stateView(sent({ state: "failed", reason: { code: "x", text: "Nobody knows why", action: "" } }), now)?.action).toBe("retry");
  });
  it("offers no second try where the outcome is unknown", () => {
    expect(stateView(sent({ state: "unknown" }), now)?.action).toBe("");
  });
  it("has none for what the customer wrote, and for a note that was kept", () => {
    expect(stateView(sent({ kind: "in", state: "received" }), now)).toBeUndefined();
    expect(stateView(sent({ kind: "note" }), now)).toBeUndefined();
  });
  it("says that a message waits for the connection", () => {
    expect(stateView({ ...sent({}), local: { key: "k1", state: "offline" } }, now)).toMatchObject({ word: "Waiting for connection", action: "retry_local" });
  });
});

describe("the counter under the text", () => {
  it("shows how much fits the segments that are taken", () => {
    expect([capacity(count("a")), capacity(count("a".repeat(161))), capacity(count("ê")), capacity(count("ê".repeat(71)))]).toEqual([160, 306, 70, 134]);
  });
  it("names the plain character, and mends the text with one press", () => {
    const text = "It’s ready";
    const fix = remedy(text, count(text));
    expect(fix).toEqual({ label: "Use plain ' instead of ’", text: "It's ready" });
    expect(count(fix?.text ?? "").encoding).toBe("GSM-7");
  });
  it("mends several at once", () => {
    const text = "It’s “ready” – now…";
    expect(remedy(text, count(text))).toEqual({ label: "Use plain characters", text: "It's \"ready\" - now..." });
  });
  it("offers nothing for a character that has no plain form", () => {
    expect(remedy("喂", count("喂"))).toBeUndefined();
  });
});

describe("times to snooze until", () => {
  it("are in order, and Monday is the next one even on a Monday", () => {
    const monday = new Date(2026, 10, 23, 10, 0).getTime();
    const times = snoozeTimes(monday);
    expect(times.map(({ key }) => key)).toEqual(["in1h", "in3h", "tomorrow", "monday"]);
    expect(times[3]?.at.getDate()).toBe(30);
    expect(times.every(({ at }) => at.getTime() > monday)).toBe(true);
    expect(snoozeTimes(new Date(2026, 10, 22, 10, 0).getTime())[3]?.at.getDate()).toBe(23);
  });
});

describe("the evidence behind a message", () => {
  it("is flattened to lines, without what is empty", () => {
    expect(evidence({ action: "send", code: "", caller: { journey: "Cart rescue", rules: ["a", "b"] }, place: { source: "profile" } })).toEqual([
      ["action", "send"],
      ["journey", "Cart rescue"],
      ["rules", "a, b"],
      ["place source", "profile"],
    ]);
  });
});
