// An agent with a phone in the hand: one pane at a time, and back is where one was.
import { parts } from "./desk.mjs";

export default async function phone({ test, expect }) {
  await test("T25 list, thread and back keep the place in the list", async (desk) => {
    const page = await desk.ana({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
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
}
