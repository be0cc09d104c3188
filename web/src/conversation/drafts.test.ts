import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDrafts, type DraftServer, type Mode } from "./drafts";
import { createOutbox, type Pending } from "./outbox";
import type { Message } from "../api/types";
import type { Problem } from "../api/client";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

/** A small generator, so that a failing run can be run again. */
function random(seed: number) {
  return () => {
    seed = (seed * 1664525 + 1013904223) % 4294967296;
    return seed / 4294967296;
  };
}

describe("drafts", () => {
  const silent: DraftServer = { load: async () => undefined, save: async (_person, _mode, _text, base) => base + 1 };

  it.each([1, 7, 42])("never carry a text to another customer or mode: 200 random steps, seed %i", async (seed) => {
    const next = random(seed);
    const saved = new Map<string, string>();
    const server: DraftServer = {
      load: async () => undefined,
      save: async (person, mode, text, base) => {
        await new Promise((resolve) => setTimeout(resolve, next() * 2000));
        saved.set(`${person}/${mode}`, text);
        return base + 1;
      },
    };
    let drafts = createDrafts("mem_1", server);
    const model = new Map<string, string>();
    const persons = ["a", "b", "c", "d"];
    let person = "a";
    let mode: Mode = "reply";
    for (let i = 0; i < 200; i++) {
      const choice = next();
      if (choice < 0.3) person = persons[Math.floor(next() * persons.length)] ?? "a";
      else if (choice < 0.45) mode = mode === "reply" ? "note" : "reply";
      else if (choice < 0.8) {
        const text = `${person}/${mode} ${i}`;
        drafts.write(person, mode, text);
        model.set(`${person}/${mode}`, text);
      } else if (choice < 0.88) {
        drafts.clear(person, mode);
        model.delete(`${person}/${mode}`);
      } else if (choice < 0.95) await vi.advanceTimersByTimeAsync(next() * 1500);
      else drafts = createDrafts("mem_1", server);
      for (const each of persons)
        for (const m of ["reply", "note"] as const) expect(drafts.text(each, m)).toBe(model.get(`${each}/${m}`) ?? "");
    }
    await vi.advanceTimersByTimeAsync(20_000);
    for (const each of persons)
      for (const m of ["reply", "note"] as const) await drafts.open(each, m);
    await vi.advanceTimersByTimeAsync(20_000);
    for (const [place, text] of model) expect(saved.get(place)).toBe(text);
  });

  it("belong to one agent", () => {
    createDrafts("mem_1", silent).write("a", "reply", "mine");
    expect(createDrafts("mem_2", silent).text("a", "reply")).toBe("");
  });
  it("survive a reload before the server has them, and are sent after it", async () => {
    const save = vi.fn<DraftServer["save"]>().mockResolvedValue(undefined);
    createDrafts("mem_1", { ...silent, save }).write("a", "reply", "half a thought");
    const later = vi.fn<DraftServer["save"]>().mockResolvedValue(3);
    const again = createDrafts("mem_1", { ...silent, save: later });
    expect(again.text("a", "reply")).toBe("half a thought");
    await again.open("a", "reply");
    await vi.advanceTimersByTimeAsync(1000);
    expect(later).toHaveBeenCalledWith("a", "reply", "half a thought", 0);
  });
  it("take the server's text only where nothing is written here", async () => {
    const drafts = createDrafts("mem_1", { ...silent, load: async () => ({ text: "from the phone", version: 4 }) });
    await drafts.open("a", "reply");
    drafts.write("b", "reply", "typed here");
    await drafts.open("b", "reply");
    expect([drafts.text("a", "reply"), drafts.text("b", "reply")]).toEqual(["from the phone", "typed here"]);
  });
});

describe("the outbox", () => {
  const problem = (status: number, code: string): Problem => ({ status, code, title: code, detail: "", reference: "", errors: [], body: {} });
  const write = (key: string): Omit<Pending, "state"> => ({ key, person: "a", kind: "reply", text: key, seen_seq: 1, at: "2026-11-21T14:00:00Z" });
  const setup = () => {
    const server: string[] = [];
    const state = { online: true, refuse: undefined as Problem | undefined, loseAnswer: false };
    const back: string[] = [];
    const make = () =>
      createOutbox({
        member: "mem_1",
        post: async (message) => {
          if (!state.online) return { ok: false, problem: problem(0, "offline") };
          if (state.refuse) return { ok: false, problem: state.refuse };
          if (!server.includes(message.key)) server.push(message.key);
          if (state.loseAnswer) return { ok: false, problem: problem(0, "offline") };
          return { ok: true, data: { client_key: message.key } as Message };
        },
        onAccepted: () => undefined,
        onReturned: (message) => back.push(message.text),
      });
    return { server, state, back, make };
  };

  it("offline, pressed thrice, reloaded, online: one message, in order", async () => {
    const { server, state, make } = setup();
    state.online = false;
    const first = make();
    await first.send(write("k1"));
    await first.send(write("k1"));
    await first.send(write("k1"));
    await first.send(write("k2"));
    expect(first.pending.get().map((each) => each.state)).toEqual(["offline", "offline"]);
    const afterReload = make();
    expect(afterReload.pending.get()).toHaveLength(2);
    state.online = true;
    await afterReload.flush();
    await afterReload.flush();
    expect(server).toEqual(["k1", "k2"]);
    expect(afterReload.pending.get()).toEqual([]);
    expect(make().pending.get()).toEqual([]);
  });
  it("an answer that was lost is asked for again with the same key", async () => {
    const { server, state, make } = setup();
    state.loseAnswer = true;
    const outbox = make();
    await outbox.send(write("k1"));
    state.loseAnswer = false;
    await outbox.flush();
    expect(server).toEqual(["k1"]);
    expect(outbox.pending.get()).toEqual([]);
  });
  it("gives the text back when somebody else wrote first or the customer opted out", async () => {
    for (const code of ["stale_composer", "opted_out"]) {
      const { state, back, make } = setup();
      state.refuse = problem(409, code);
      const outbox = make();
      await outbox.send(write("k1"));
      expect(back).toEqual(["k1"]);
      expect(outbox.pending.get()).toEqual([]);
    }
  });
  it("keeps what the server refused on screen with its reason", async () => {
    const { state, make } = setup();
    state.refuse = problem(422, "too_long");
    const outbox = make();
    await outbox.send(write("k1"));
    expect(outbox.pending.get()[0]).toMatchObject({ state: "refused", problem: { code: "too_long" } });
  });
});
