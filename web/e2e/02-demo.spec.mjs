// The demo: ready to use at once, and the story of one customer through both screens, hers and the agent's.
import { conversation, focus, phoneOf, until } from "./desk.mjs";

/** What the report's tiles say: how many orders came back. */
async function recovered(page) {
  await page.goto("/reports");
  const tile = page.getByRole("main").locator('a[href*="metric=orders"]').nth(1);
  await tile.waitFor();
  return { tile, orders: Number((await tile.textContent()).replace(/\D/g, "")) };
}

export default async function demo({ test, expect }) {
  await test("T02 the demo opens its inbox, with people in it, and the phone beside it", async (desk) => {
    const page = await desk.ana();
    await page.goto("/");
    await page.waitForURL("**/inbox");
    await page.getByRole("listitem").filter({ hasText: "Emma Clarke" }).waitFor();
    await page.getByRole("region", { name: /^Phone of/ }).waitFor();
    await page.keyboard.press("j");
    await page.waitForURL("**/c/*");
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect.ok((await page.getByRole("listitem").count()) >= 5);
  });

  await test("T03 from a YES on the phone to the recovered order in the report", async (desk) => {
    const agent = await desk.ana();
    const before = await recovered(agent);
    const maria = await phoneOf(agent, "Maria Rossi");
    const phone = await desk.holding(maria);
    const screen = phone.getByRole("log", { name: "Messages on the phone" });
    const { thread, box } = await conversation(agent, maria);

    await phone.getByRole("button", { name: "YES" }).click();
    await screen.getByText(/welcome|confirmed|subscribed/i).last().waitFor();
    await thread.getByText("YES", { exact: true }).waitFor();

    await phone.getByText("In the shop", { exact: true }).first().click();
    await phone.getByRole("button", { name: "Leave a cart" }).click();
    await thread.getByText(/checkout|cart/i).first().waitFor();

    await skipUntil(agent, () => screen.getByText(/is still waiting/));
    await thread.getByText(/is still waiting/).last().waitFor();

    await phone.getByRole("textbox", { name: "Text as Maria Rossi" }).fill("Does it come in blue?");
    await phone.getByRole("button", { name: "Send", exact: true }).click();
    await thread.getByText("Does it come in blue?").waitFor();
    await agent.getByRole("listitem").filter({ hasText: "Maria Rossi" }).getByText("Does it come in blue?").waitFor();

    await agent.getByRole("heading", { level: 1, name: "Maria Rossi" }).focus();
    await agent.keyboard.press("r");
    await until(async () => (await focus(agent)).startsWith("Reply to Maria Rossi"), "the box has the focus");
    await agent.keyboard.type("It does, Maria. Here is something for you: /ten");
    await agent.getByRole("option", { name: /Ten percent/ }).waitFor();
    await agent.keyboard.press("Enter");
    await until(async () => /ERA/.test(await box.inputValue()), "the code is in the box");
    await agent.keyboard.press("Control+Enter");
    await thread.getByRole("button", { name: "Undo" }).waitFor();
    await screen.getByText(/It does, Maria/).waitFor();
    await thread.getByText("Delivered").last().waitFor();

    await phone.getByRole("button", { name: "Buy" }).click();
    await thread.getByText(/order/i).last().waitFor();
    await reportShows(agent, before, expect);
  });
}

/** Presses the clock until the customer's phone shows it. */
async function skipUntil(agent, shown) {
  for (let i = 0; i < 12; i++) {
    if (await shown().last().isVisible()) return;
    const skip = agent.getByRole("button", { name: /Skip to next step/ });
    await skip.click();
    await shown().last().waitFor({ timeout: 4000 }).catch(() => undefined);
  }
  await shown().last().waitFor();
}

/** One order more on the tile, and it is in the list behind the tile. */
async function reportShows(agent, before, expect) {
  const { tile, orders } = await recovered(agent);
  expect.equal(orders, before.orders + 1);
  await tile.click();
  await agent.getByRole("row").filter({ hasText: "Maria Rossi" }).first().waitFor();
}
