// Every screen for everybody: no violation of WCAG 2.2 AA, light and dark, wide and narrow, down to 320 px.
import { axe } from "./axe.mjs";
import { api, phoneOf } from "./desk.mjs";

/** The screens, by name: an address, or one that is asked for first. */
const screens = [
  ["inbox", () => "/inbox"],
  ["conversation", async (page) => `/c/${(await phoneOf(page, "Giulia Romano")).person}`],
  ["blocked conversation", async (page) => `/c/${(await api(page, "GET", "/conversations?view=all&q=James")).items[0].person_id}`],
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
  ...["team", "channels", "shop", "brand", "compliance", "keys", "audit", "keyboard"].map((section) => [`settings of ${section}`, () => `/settings/${section}`]),
];

function phoneAddress(phone) {
  return `/sim/${encodeURIComponent(phone.number)}?t=${phone.token}`;
}

/** Opens a screen and waits until it shows what it has. */
async function show(page, address) {
  await page.goto(address);
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".skeleton, [aria-busy=true]") === null);
  await page.waitForLoadState("load");
}

export default async function access({ test, expect }) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      await test(`T24 no screen has an accessibility violation, ${colorScheme}, ${width} px`, async (desk) => {
        const page = await desk.ana({ colorScheme, viewport: { width, height: 844 } });
        const found = [];
        for (const [name, address] of screens) {
          await show(page, await address(page));
          found.push(...(await axe(page)).map((violation) => `${name}: ${violation}`));
        }
        expect.deepEqual(found, []);
      });
    }
  }

  await test("T24 no screen scrolls sideways at 320 px", async (desk) => {
    const page = await desk.ana({ viewport: { width: 320, height: 640 } });
    const wide = [];
    for (const [name, address] of screens) {
      await show(page, await address(page));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) wide.push(`${name}: ${over} px`);
    }
    expect.deepEqual(wide, []);
  });
}
