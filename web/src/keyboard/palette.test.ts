import { describe, expect, it } from "vitest";
import { score } from "./palette";

describe("the palette finds", () => {
  const entry = { title: "Compliance, quiet hours", words: "stop word opt out unsubscribe" };
  it("by the words that people use, not only by the title", () => {
    expect(score(entry, "unsubscribe")).toBeGreaterThan(0);
    expect(score(entry, "opt out")).toBeGreaterThan(0);
    expect(score(entry, "invoice")).toBe(0);
  });
  it("the beginning of a title before its middle, and that before a synonym", () => {
    expect(score(entry, "comp")).toBeGreaterThan(score(entry, "quiet"));
    expect(score(entry, "quiet")).toBeGreaterThan(score(entry, "stop"));
  });
  it("everything when nothing is asked", () => {
    expect(score(entry, "")).toBe(1);
  });
});
