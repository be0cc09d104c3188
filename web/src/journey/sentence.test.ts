import { beforeEach, describe, expect, it, vi } from "vitest";
import type { JourneyStep } from "../api/types";
import { armsOf, conditionText, lengthText, rulesOf, stepText } from "./sentence";

beforeEach(() => {
  vi.spyOn(navigator, "language", "get").mockReturnValue("en-GB");
});

describe("a journey reads as sentences", () => {
  it("says conditions with their joins, and minor units as money", () => {
    const condition = { all: [{ consent: "cart", is: "granted" }, { any: [{ prop: "total_minor", op: "gte", value: 3000 }, { attr: "country", op: "in", value: ["US", "CA"] }] }] };
    expect(conditionText(condition, "EUR")).toBe("agreed to cart and total is at least €30 or country is one of US, CA");
    expect(conditionText({ none: [{ run: "replied" }] }, "EUR")).toBe("not (the customer replied)");
    expect(conditionText(null, "EUR")).toBe("always");
  });
  it("says lengths of time, and leaves what it does not know", () => {
    expect([lengthText("30m"), lengthText("1h"), lengthText("7d"), lengthText("90s"), lengthText(undefined)]).toEqual(["30 minutes", "1 hour", "7 days", "90s", ""]);
  });
  it("says each step", () => {
    const step = (change: Partial<JourneyStep>) => stepText({ id: "x", type: "stop", ...change });
    expect(step({ type: "wait", for: "30m", until: { event: "order_placed" } })).toBe("Wait 30 minutes, or until “order placed”");
    expect(step({ type: "send", purpose: "cart", expires: "24h" })).toBe("Send a cart text, at most 24 hours later");
    expect(step({ type: "offer", offer: "Free shipping" })).toBe("Issue a code of Free shipping");
    expect(step({ result: "done" })).toBe("End as done");
  });
  it("gives every branch a way for everyone else, so that nobody falls out unseen", () => {
    const arms = armsOf({ id: "b", type: "branch", cases: [{ name: "large", when: null, steps: [] }] }, "EUR");
    expect(arms.map((arm) => arm.label)).toEqual(["large", "Everyone else"]);
  });
  it("names entry, repetition and exits", () => {
    const rules = rulesOf(
      { v: 1, name: "Cart", trigger: { event: "cart_abandoned", key: "cart_token" }, reentry: { rule: "per_key" }, exit: [{ event: "order_placed", result: "recovered" }], steps: [] },
      "EUR",
    );
    expect(rules.map(([, text]) => text)).toEqual(["“cart abandoned” happens", "once for each cart token", "“order placed” happens → recovered"]);
  });
});
