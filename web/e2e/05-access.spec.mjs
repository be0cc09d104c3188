// Every screen for everybody: no violation of WCAG 2.2 AA, light and dark, wide and narrow; nothing out of sight when it is
// enlarged or the window is small; nothing told by colour or by motion alone.
import { axe } from "./axe.mjs";
import { api, conversation, customer, phoneOf, texts, until } from "./desk.mjs";
import { beyond, phoneAddress, show } from "./screen.mjs";

/** The screens, by name: an address, or one that is asked for first. */
const screens = [
  ["inbox", () => "/inbox"],
  ["conversation", async (page) => `/c/${(await phoneOf(page, "Giulia Romano")).person}`],
  ["blocked conversation", async (page) => `/c/${(await api(page, "GET", "/conversations?view=all&q=James")).items[0].person_id}`],
  ["missing conversation", () => "/c/nobody"],
  ["missing page", () => "/nowhere"],
  ["people", () => "/people"],
  ["person", async (page) => `/people/${(await phoneOf(page, "Giulia Romano")).person}`],
  ["carts", () => "/carts"],
  ["list of carts", () => "/carts?show=list"],
  ["report", () => "/reports"],
  ["journeys", () => "/journeys"],
  ["journey", async (page) => `/journeys/${(await api(page, "GET", "/journeys")).items[0].id}`],
  ["offers", () => "/offers"],
  ["phones", () => "/sim"],
  ["phone", async (page) => phoneAddress(await phoneOf(page, "Emma Clarke"))],
  ["phone of a wrong link", () => "/sim/%2B15550100000?t=wrong"],
  ...["team", "channels", "shop", "brand", "compliance", "keys", "audit", "keyboard"].map((section) => [`settings of ${section}`, () => `/settings/${section}`]),
];

export default async function access({ test, expect }) {
  for (const width of [390, 1280]) {
    await test(`T24 no screen has an accessibility violation, light and dark, ${width} px`, async (desk) => {
      const page = await desk.ana({ viewport: { width, height: 844 } });
      const found = [];
      for (const [name, address] of screens) {
        await page.emulateMedia({ colorScheme: "light" });
        await show(page, await address(page));
        found.push(...(await axe(page)).map((violation) => `${name}: ${violation}`));
        // Only colours differ in the dark.
        await page.emulateMedia({ colorScheme: "dark" });
        found.push(...(await axe(page, { rules: ["color-contrast", "link-in-text-block"] })).map((violation) => `${name}, dark: ${violation}`));
      }
      expect.deepEqual(found, []);
    });
  }

  await test("T24 nothing lies beyond the side at 320 px, and at 1280 px enlarged to 200 %", async (desk) => {
    const page = await desk.ana({ viewport: { width: 320, height: 640 } });
    const lost = [];
    for (const [name, address] of screens) {
      await page.setViewportSize({ width: 320, height: 640 });
      await show(page, await address(page));
      lost.push(...(await page.evaluate(beyond)).map((what) => `${name}, 320 px: ${what}`));
      await page.setViewportSize({ width: 640, height: 400 });
      lost.push(...(await page.evaluate(beyond)).map((what) => `${name}, 200 %: ${what}`));
    }
    expect.deepEqual(lost, []);
  });

  await test("T24 nothing moves for those who asked for no motion, and it does for the others", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Mona Motion", "Hi");
    const moving = () => page.evaluate(() => globalThis.moved);
    const { thread } = await conversation(page, phone);
    await page.evaluate(() => {
      globalThis.moved = [];
      for (const kind of ["animationstart", "transitionrun"]) document.addEventListener(kind, (event) => globalThis.moved.push(`${kind} ${event.animationName ?? event.propertyName}`), true);
    });
    const act = async (words) => {
      await texts(page, phone, words);
      await thread.getByText(words, { exact: true }).waitFor();
      await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menu").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
    };
    await act("Still");
    expect.deepEqual(await moving(), []);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await act("Moving");
    await until(async () => (await moving()).length > 0, "something moves for the others");
  });

  await test("T24 each voice is told by words and shape, not by colour", async (desk) => {
    const page = await desk.ana();
    const giulia = await phoneOf(page, "Giulia Romano");
    const { thread } = await conversation(page, giulia);
    const line = (text) => thread.getByRole("article").filter({ hasText: text });
    await line("still waiting").getByText("Cart recovery").waitFor();
    await line("still waiting").getByText(/journey/).first().waitFor();
    await line("Does the linen dress").getByText("SMS").waitFor();
    const james = (await api(page, "GET", "/conversations?view=all&q=James")).items[0];
    const his = (await conversation(page, { person: james.person_id, name: james.name })).thread;
    const said = (text) => his.getByRole("article").filter({ hasText: text });
    await said("about two weeks").getByText("agent").waitFor();
    await said("You are unsubscribed").getByText("automatic").waitFor();
    const shape = (text) => said(text).locator(".bubble").evaluate((bubble) => getComputedStyle(bubble).borderTopStyle);
    expect.equal(await shape("You are unsubscribed"), "dashed");
    expect.notEqual(await shape("about two weeks"), "dashed");
    const chiara = (await api(page, "GET", "/conversations?view=all&q=Chiara Greco")).items[0];
    await conversation(page, { person: chiara.person_id, name: chiara.name });
    await page.getByText(/not sent to the customer/).first().waitFor();
    await page.locator('[data-row]').filter({ hasText: /Overdue/ }).first().waitFor();
  });
}
