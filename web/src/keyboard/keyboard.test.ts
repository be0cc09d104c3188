import { describe, expect, it } from "vitest";
import { chordOf, createMatcher, type Stroke } from "./chord";
import { commands } from "./table";

const stroke = (change: Partial<Stroke>): Stroke => ({
  key: "",
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  repeat: false,
  altGraph: false,
  editable: false,
  ...change,
});
const fresh = (letters = true, keys: Record<string, string> = {}) => createMatcher(() => ({ letters, keys }));
const ids = (strokes: Partial<Stroke>[], matcher = fresh(), step = 10) =>
  strokes.map((s, i) => matcher.match(stroke(s), i * step)?.map((command) => command.id) ?? null);

describe("the keyboard table", () => {
  it("never binds Alt and has no two live commands of one scope on the same keys", () => {
    const seen = new Set<string>();
    for (const command of commands) {
      expect(command.keys).not.toMatch(/alt/i);
      const place = `${command.scope} ${command.keys}`;
      expect(seen.has(place), place).toBe(false);
      seen.add(place);
    }
  });
  it("has no bare key that also starts a sequence, so nothing waits", () => {
    const first = new Set(commands.filter((c) => c.keys.includes(" ")).map((c) => c.keys.split(" ")[0]));
    expect(commands.filter((c) => first.has(c.keys))).toEqual([]);
  });
});

describe("chords", () => {
  it("reads Cyrillic, Greek and Georgian letters by the place of the key", () => {
    expect(chordOf(stroke({ key: "о", code: "KeyJ" }))).toBe("j");
    expect(chordOf(stroke({ key: "ξ", code: "KeyJ" }))).toBe("j");
    expect(chordOf(stroke({ key: "ჯ", code: "KeyJ" }))).toBe("j");
    expect(chordOf(stroke({ key: "х", code: "BracketLeft" }))).toBe("[");
  });
  it("reads Latin layouts by what is printed: the J of Dvorak is on another key", () => {
    expect(chordOf(stroke({ key: "j", code: "KeyC" }))).toBe("j");
    expect(chordOf(stroke({ key: "z", code: "KeyY" }))).toBe("z");
  });
  it.each(["ą", "ł", "@", "€", "ę"])("lets AltGraph and Option type %s", (key) => {
    expect(chordOf(stroke({ key, code: "KeyL", altGraph: true }))).toBe("");
    expect(chordOf(stroke({ key, code: "KeyL", altKey: true }))).toBe("");
    expect(chordOf(stroke({ key, code: "KeyL", altKey: true, ctrlKey: true }))).toBe("");
  });
  it("keeps out of text that is being composed", () => {
    expect(chordOf(stroke({ key: "j", code: "KeyJ", isComposing: true }))).toBe("");
  });
  it("finds ? and / whichever way a layout makes them", () => {
    expect(chordOf(stroke({ key: "?", code: "Slash", shiftKey: true }))).toBe("?");
    expect(chordOf(stroke({ key: "/", code: "Digit7", shiftKey: true }))).toBe("/");
  });
  it("takes a capital letter for no command", () => {
    expect(chordOf(stroke({ key: "J", code: "KeyJ", shiftKey: true }))).toBe("");
  });
});

describe("matching", () => {
  it("moves with j and k, also while held, and closes only once while held", () => {
    expect(ids([{ key: "j" }, { key: "j", repeat: true }])).toEqual([["list.next"], ["list.next"]]);
    expect(ids([{ key: "e" }, { key: "e", repeat: true }])).toEqual([["close"], []]);
  });
  it("leaves letters alone in a place for text, but not the modified ones", () => {
    expect(ids([{ key: "e", editable: true }])).toEqual([[]]);
    expect(ids([{ key: "Enter", ctrlKey: true, editable: true }])).toEqual([["send"]]);
    expect(ids([{ key: "Enter", metaKey: true, shiftKey: true, editable: true }])).toEqual([["send.close"]]);
    expect(ids([{ key: "k", ctrlKey: true, editable: true }])).toEqual([["palette"]]);
  });
  it("leaves native undo of typing to the browser", () => {
    expect(ids([{ key: "z", ctrlKey: true, editable: true }])).toEqual([[]]);
  });
  it("fires no printable key when bare letters are switched off", () => {
    const off = fresh(false);
    for (const key of ["j", "e", "?", "/", "[", "g"]) expect(off.match(stroke({ key }), 0)).toEqual([]);
    expect(off.match(stroke({ key: "k", ctrlKey: true }), 0)?.map((c) => c.id)).toEqual(["palette"]);
  });
  it("follows sequences and forgets them after a while", () => {
    expect(ids([{ key: "g" }, { key: "i" }])).toEqual([null, ["go.inbox"]]);
    expect(ids([{ key: "g" }, { key: "i" }], fresh(), 5000)).toEqual([null, ["claim"]]);
  });
  it("runs nothing when a sequence has no such end", () => {
    expect(ids([{ key: "g" }, { key: "e" }, { key: "e" }])).toEqual([null, [], ["close"]]);
  });
  it("follows a person's own mapping", () => {
    expect(ids([{ key: "d" }, { key: "e" }], fresh(true, { close: "d" }))).toEqual([["close"], []]);
  });
});
