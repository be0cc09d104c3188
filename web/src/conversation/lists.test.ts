import { beforeEach, describe, expect, it, vi } from "vitest";
import { call, type Result } from "../api/client";
import type { Conversation, Page } from "../api/types";
import { guess, listOf, place, reload, type List, type Place } from "./lists";

vi.mock("../api/client", async (original) => ({ ...(await original<typeof import("../api/client")>()), call: vi.fn() }));

const row = (person: string, change: Partial<Conversation> = {}): Conversation =>
  ({ person_id: person, name: person, status: "open", floor: "none", version: 1, waiting_since: "", last_at: "2026-11-21T14:00:00Z", ...change }) as Conversation;

const found = (...items: Conversation[]) => {
  const page: Page<Conversation> = { items, total: items.length };
  vi.mocked(call).mockResolvedValue({ ok: true, data: page } as Result<unknown>);
};

/** The list of a place as the server answers it. */
async function opened(at: Place): Promise<List> {
  const list = listOf(at, "mem_ana");
  await reload(list);
  return list;
}
const persons = (list: List) => list.store.get().items.map((item) => item.person_id);

describe("a list that a search narrows", () => {
  beforeEach(() => found(row("per_anna"), row("per_hanna")));

  it.each<[string, Partial<Conversation>]>([
    ["closed", { status: "closed" }],
    ["snoozed", { status: "snoozed", snoozed_until: "2026-11-22T08:00:00Z" }],
  ])("loses a row of the open view when its conversation is %s, at once", async (_, change) => {
    const list = await opened({ view: "open", q: `anna ${change.status ?? ""}`, sort: "waiting" });
    guess("per_anna", change);
    expect(persons(list)).toEqual(["per_hanna"]);
    expect(list.store.get().total).toBe(1);
  });
  it("keeps the row in the view of all", async () => {
    const list = await opened({ view: "all", q: "anna", sort: "newest" });
    guess("per_anna", { status: "closed" });
    expect(persons(list)).toEqual(["per_anna", "per_hanna"]);
    expect(list.store.get().items[0]?.status).toBe("closed");
  });
  it("is joined by nobody whom the server did not find", async () => {
    const list = await opened({ view: "open", q: "anna again", sort: "waiting" });
    place(row("per_maria", { version: 2 }));
    expect(persons(list)).toEqual(["per_anna", "per_hanna"]);
  });
});
