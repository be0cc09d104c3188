import { beforeEach, describe, expect, it, vi } from "vitest";
import { formatMoney, formatPrice, minorPerUnit, parseAmount } from "./money";
import { clockTime, dayLabel, listTime, span } from "./time";

beforeEach(() => {
  vi.spyOn(navigator, "language", "get").mockReturnValue("en-GB");
});

describe("money", () => {
  it("knows how many minor units each currency has", () => {
    expect([minorPerUnit("EUR"), minorPerUnit("JPY"), minorPerUnit("KWD")]).toEqual([100, 1, 1000]);
  });
  it("writes amounts, and whole ones short when asked", () => {
    expect(formatMoney({ minor: 11520, currency: "EUR" })).toBe("€115.20");
    expect(formatMoney({ minor: 12800, currency: "EUR" }, true)).toBe("€128");
    expect(formatMoney({ minor: 12850, currency: "EUR" }, true)).toBe("€128.50");
    expect(formatMoney({ minor: 500, currency: "JPY" })).toBe("¥500");
    expect(formatMoney(undefined)).toBe("");
  });
  it("keeps the fractions of a cent in prices", () => {
    expect(formatPrice({ micros: 43500, currency: "EUR" })).toBe("€0.0435");
    expect(formatPrice({ micros: 19_000_000, currency: "JPY" })).toBe("¥19");
  });
  it("reads typed amounts with either decimal sign and refuses the rest", () => {
    expect(parseAmount("5,50", "EUR")).toBe(550);
    expect(parseAmount("5.5", "EUR")).toBe(550);
    expect(parseAmount("five", "EUR")).toBeUndefined();
    expect(parseAmount("-5", "EUR")).toBeUndefined();
  });
});

describe("time", () => {
  const now = Date.parse("2026-11-21T14:37:00Z");
  it("says how long in the largest unit that means something", () => {
    expect([span(20_000), span(14 * 60_000), span(59 * 60_000), span(26 * 3_600_000), span(49 * 3_600_000)]).toEqual([
      "now",
      "14 min",
      "59 min",
      "26 h",
      "2 days",
    ]);
  });
  it("shows another zone's time", () => {
    expect(clockTime(now, "Europe/Rome")).toBe("15:37");
    expect(clockTime(now, "America/New_York")).toBe("09:37");
  });
  it("names days the way people do", () => {
    expect(dayLabel(now, now)).toBe("Today");
    expect(dayLabel(now - 86_400_000, now)).toBe("Yesterday");
    expect(dayLabel(Date.parse("2026-05-12T12:00:00Z"), now)).toBe("Tuesday 12 May");
    expect(dayLabel(Date.parse("2025-05-12T12:00:00Z"), now)).toContain("2025");
  });
  it("shows the time today and the date before in lists", () => {
    expect(listTime(now, now)).toMatch(/^\d\d:\d\d$/);
    expect(listTime(Date.parse("2026-05-12T12:00:00Z"), now)).toBe("12 May");
  });
});
