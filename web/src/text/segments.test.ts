import { describe, expect, it } from "vitest";
import { count, plain, split, standard, type Culprit, type Encoding, type Limits } from "./segments";
import { times } from "./money";
import raw from "../../../internal/gsm/testdata/vectors.json";

interface Vectors {
  counts: {
    name: string;
    text: [string, number][];
    limits?: Limits;
    encoding: Encoding;
    units: number;
    segments: number;
    parts: number[];
    culprits?: Culprit[];
  }[];
  prices: { name: string; text: [string, number][]; segment?: number; micros?: number; currency?: string }[];
  plain: [string, string][];
  characters: [number, string, string, boolean][];
}

const vectors = raw as unknown as Vectors;

describe("count and split agree with the server's vectors", () => {
  it.each(vectors.counts)("$name", (v) => {
    const text = v.text.map(([piece, times]) => piece.repeat(times)).join("");
    const limits = v.limits ?? standard;
    const size = count(text, limits);
    expect(size).toMatchObject({ encoding: v.encoding, units: v.units, segments: v.segments });
    if (v.culprits) expect(size.culprits).toEqual(v.culprits);
    const parts = split(text, limits);
    expect(parts.map((part) => part.units)).toEqual(v.parts);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  });
});

describe("prices agree with the server's vectors", () => {
  it.each(vectors.prices)("$name", (v) => {
    const text = v.text.map(([piece, count]) => piece.repeat(count)).join("");
    const price = v.segment === undefined ? null : { micros: v.segment, currency: v.currency ?? "" };
    expect(price && times(price, count(text).segments)).toEqual(v.micros === undefined ? null : { micros: v.micros, currency: v.currency });
  });
});

describe("plain agrees with the server's vectors", () => {
  it.each(vectors.plain)("%j", (from, to) => {
    expect(plain(from)).toBe(to);
    expect(plain(to)).toBe(to);
  });
});

it("every known character is described as the server does", () => {
  const described = vectors.characters.map(([rune]) => count(String.fromCodePoint(rune)).culprits[0]);
  expect(described).toEqual(
    vectors.characters.map(([rune, name, suggestion, safe]) => ({ rune, index: 0, name, suggestion, safe })),
  );
});

it("a text of 1,600 characters is counted well within a keystroke", () => {
  const text = "It’s 😀 {€} abc".repeat(115).slice(0, 1600);
  count(text);
  const start = performance.now();
  for (let i = 0; i < 20; i++) count(text);
  expect((performance.now() - start) / 20).toBeLessThan(10);
});
