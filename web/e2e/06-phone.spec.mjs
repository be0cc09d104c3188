// An agent with a phone in the hand: one pane at a time, back is where one was, and the keyboard covers nothing.
import { conversation, customer, parts, received, until } from "./desk.mjs";

const hand = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export default async function phone({ test, expect }) {
  await test("T25 list, thread and back keep the place in the list", async (desk) => {
    const page = await desk.ana(hand);
    await page.goto("/inbox?view=all");
    await page.locator("[data-row]").first().waitFor();
    const list = page.locator('div:has(> [role="list"])').last();
    await list.evaluate((element) => element.scrollTo({ top: 700 }));
    await page.waitForFunction(() => [...document.querySelectorAll("[data-row]")].some((row) => row.getBoundingClientRect().top > 300 && Number(row.closest("[aria-posinset]").getAttribute("aria-posinset")) > 12));
    const top = await list.evaluate((element) => element.scrollTop);
    expect.ok(top > 0);
    const row = page.locator("[data-row]").filter({ visible: true }).nth(12);
    const name = await row.locator("bdi").first().textContent();
    await row.tap();
    const { thread } = await parts(page, name);
    await thread.waitFor();
    expect.equal(await page.locator("[data-row]").count(), 0, "one pane at a time");
    await page.getByRole("button", { name: "Back to the list" }).tap();
    await page.locator("[data-row]").first().waitFor();
    const after = await list.evaluate((element) => element.scrollTop);
    expect.ok(Math.abs(after - top) <= 2, `back at ${after}, was at ${top}`);
  });

  await test("T25 an answer is written above the keyboard, and who is answered can be read", async (desk) => {
    const page = await desk.ana(hand);
    const name = "Patrizia Pocket";
    const customerOf = await customer(page, name, "Ciao!");
    const { thread, box } = await conversation(page, customerOf);
    const heading = page.getByRole("heading", { level: 1, name }).locator("bdi");
    expect.ok(await heading.evaluate((element) => element.scrollWidth <= element.clientWidth), "the name is whole");
    await box.tap();
    // The page asks that the keyboard takes its height from the window, and so it does here.
    expect.match(await page.locator("meta[name=viewport]").getAttribute("content"), /interactive-widget=resizes-content/);
    await page.setViewportSize({ width: 390, height: 460 });
    await box.fill("Ciao Patrizia");
    const whole = async (place) => {
      const { y, height } = await place.boundingBox();
      return y >= 0 && y + height <= 460;
    };
    await until(async () => (await whole(box)) && (await whole(page.getByRole("button", { name: "Send SMS" }))), "box and button are above the keyboard");
    await until(() => whole(thread.getByText("Ciao!", { exact: true })), "what is answered is in sight");
    await page.getByRole("button", { name: "Send SMS" }).tap();
    await thread.getByText("Delivered").waitFor();
    expect.deepEqual(await received(page, customerOf), ["Ciao Patrizia"]);

    await page.getByRole("button", { name: "More", exact: true }).tap();
    await page.getByRole("menuitem", { name: "Snooze" }).tap();
    await page.getByRole("menuitem", { name: /In 3 hours/ }).tap();
    await page.waitForURL("**/inbox*");
    await page.getByText(`Snoozed ${name}`).waitFor();
  });

  await test("T25 the app can be put on the home screen", async (desk) => {
    const page = await desk.ana(hand);
    await page.goto("/inbox");
    const manifest = await (await page.request.get(await page.locator("link[rel=manifest]").getAttribute("href"))).json();
    expect.equal(manifest.display, "standalone");
    expect.ok(manifest.name && manifest.short_name);
    for (const address of [manifest.start_url, ...manifest.icons.map((icon) => icon.src)]) expect.equal((await page.request.get(address)).status(), 200, address);
  });
}
