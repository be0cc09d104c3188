import { afterEach, describe, expect, it } from "vitest";
import { catalogue, english, setLanguage } from "./i18n";

const t = catalogue("test", { hello: "Hello {name}", carts: { one: "{n} cart", other: "{n} carts" } });

describe("catalogue", () => {
  afterEach(() => setLanguage(english));
  it("fills variables and leaves unknown ones visible", () => {
    expect(t("hello", { name: "Ana" })).toBe("Hello Ana");
    expect(t("hello")).toBe("Hello {name}");
  });
  it("chooses the plural by n", () => {
    expect([t("carts", { n: 1 }), t("carts", { n: 2 }), t("carts", { n: 0 })]).toEqual(["1 cart", "2 carts", "0 carts"]);
  });
  it("falls back to English for what a language has not translated, and sets the direction", () => {
    setLanguage({ tag: "ar", direction: "rtl", texts: { "test.hello": "مرحبا {name}" } });
    expect(t("hello", { name: "Ana" })).toBe("مرحبا Ana");
    expect(document.documentElement.dir).toBe("rtl");
    expect(t("carts", { n: 2 })).toBe("2 carts");
  });
});
