// More than one at a desk, and more than one screen of history: what happened while nobody listened, who has the floor,
// and lists that are longer than the window.
import { api, conversation, customer, hold, phoneOf, texts, until } from "./desk.mjs";

export default async function together({ test, expect }) {
  await test("T09 what happened while the line was cut is shown without a reload, once and in order", async (desk) => {
    const page = await desk.ana();
    await page.addInitScript(cuttable);
    const phone = await customer(page, "Gina Gap", "One");
    const { thread } = await conversation(page, phone);
    const marco = await desk.marco(page);
    const his = await conversation(marco, phone);
    await texts(page, phone, "Two");
    await thread.getByText("Two", { exact: true }).waitFor();

    await page.evaluate(() => globalThis.cut());
    await page.getByText(/^Offline\./).waitFor();
    await his.box.fill("Three");
    await his.box.press("Control+Enter");
    await his.thread.getByText("Delivered").waitFor();
    await texts(page, phone, "Four");
    await his.thread.getByText("Four", { exact: true }).waitFor();
    expect.equal(await thread.getByText("Three", { exact: true }).count(), 0, "the line is really cut");

    const since = page.waitForRequest((request) => request.url().includes("/api/v1/feed") && request.url().includes("since="));
    await page.evaluate(() => globalThis.join());
    await since;
    await thread.getByText("Four", { exact: true }).waitFor();
    await page.getByText(/^Offline\./).waitFor({ state: "detached" });
    await texts(page, phone, "Five");
    await thread.getByText("Five", { exact: true }).waitFor();
    const said = await thread.getByText(/^(One|Two|Three|Four|Five)$/).allTextContents();
    expect.deepEqual(said, ["One", "Two", "Three", "Four", "Five"]);
  });

  await test("T12 the bot has lost the floor before the screen says so, also when a text comes in the same moment", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Bea Bot", "Is anybody there?");
    const { thread, box } = await conversation(page, phone);
    await page.getByRole("heading", { level: 1, name: phone.name }).focus();
    await page.keyboard.press("b");
    const banner = page.getByRole("button", { name: /^Take over/ });
    await banner.waitFor();
    await page.goto(`/c/${phone.person}?view=bot`);
    await page.getByRole("list", { name: "Bot is handling" }).getByText("Bea Bot").waitFor();

    const held = await hold(page, `**/conversations/${phone.person}/take-over`, "POST");
    await page.getByRole("heading", { level: 1, name: phone.name }).focus();
    await page.keyboard.press("b");
    await until(() => held.seen.count === 1, "the server is asked");
    await texts(page, phone, "Hello?");
    await thread.getByText("Hello?", { exact: true }).waitFor();
    expect.equal(await banner.count(), 1, "nothing is shown ahead of the server");
    held.release();
    await banner.waitFor({ state: "detached" });
    expect.equal((await api(page, "GET", `/conversations/${phone.person}`)).floor, "member");
    await box.fill("Yes, me");
    await box.press("Control+Enter");
    await thread.getByText("Delivered").waitFor();
    const { items } = await api(page, "GET", `/conversations/${phone.person}/messages`);
    const out = items.filter((message) => message.kind === "out").map((message) => `${message.author.kind}: ${message.text}`);
    expect.deepEqual(out, ["agent: Yes, me"]);
  });

  await test("T16 a long history is found, walked to its beginning, and does not move under the eyes", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Hana History", "Text 1");
    for (let i = 2; i <= 160; i++) await texts(page, phone, i === 37 ? "Text 37 about the needle" : `Text ${i}`);
    await until(async () => (await api(page, "GET", `/conversations/${phone.person}/search?q=160`)).items?.length, "the last text is in the conversation");
    const older = await hold(page, /\/messages\?.*before=/, "GET");
    const { thread } = await conversation(page, phone);
    const article = (n) => thread.getByText(`Text ${n}`, { exact: true });
    await article(160).waitFor();
    const rows = await thread.getByRole("article").count();
    expect.ok(rows < 60, `only what is in sight exists, not ${rows} rows`);

    // Up to where the server is asked for more; what comes above must not move what is read.
    await thread.evaluate((element) => (element.scrollTop = 0));
    await until(() => older.seen.count > 0, "older texts are asked for");
    let reader = await firstSeen(thread);
    await until(async () => {
      const before = reader;
      reader = await firstSeen(thread);
      return reader.text === before.text && reader.top === before.top;
    }, "the rows stand still");
    const log = page.locator(".sr-only[role=log]");
    const announced = await log.innerText();
    older.release();
    await until(async () => (await thread.evaluate((element) => element.scrollTop)) > 200, "older texts are above");
    await until(async () => Math.abs((await topOf(thread, reader.text)) - reader.top) <= 2, `${reader.text} is where it was read`);
    expect.equal(await log.innerText(), announced, "history is not announced");

    await page.getByRole("heading", { level: 1, name: phone.name }).focus();
    await page.keyboard.press("Home");
    await page.getByText("The conversation starts here.").waitFor();
    await article(1).waitFor();
    await page.keyboard.press("End");
    await article(160).waitFor();
    await page.keyboard.press("f");
    await page.keyboard.type("needle");
    await page.getByText("1 of 1").waitFor();
    await thread.getByText("about the needle").waitFor();
    await page.locator("mark", { hasText: "needle" }).waitFor();
  });

  await test("T17 a selection of everything is what the server counts, and only rows in sight exist", async (desk) => {
    const page = await desk.ana();
    const marks = Array.from({ length: 24 }, (_, i) => `Multi${String.fromCharCode(97 + i)} Select`);
    for (let i = 0; i < marks.length; i += 8) await Promise.all(marks.slice(i, i + 8).map((name) => customer(page, name, "Many of us")));
    await page.goto("/inbox?view=open&q=Select&sort=newest");
    const total = (await api(page, "GET", "/conversations?view=open&q=Select")).total;
    expect.equal(total, marks.length);
    const list = page.getByRole("list", { name: "Open" });
    await list.locator(`[aria-setsize="${total}"]`).first().waitFor();
    expect.equal(await list.getByRole("listitem").first().getAttribute("aria-posinset"), "1");
    const rows = await list.getByRole("listitem").count();
    expect.ok(rows < total, `${rows} rows exist for ${total} conversations`);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.getByRole("button", { name: `Select all ${total} matching` }).click();
    await page.getByText(`${total} selected`).waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).first().click();
    await page.getByRole("heading", { name: `Close ${total} conversations?` }).waitFor();
    expect.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel", "the focus is on what destroys nothing");
    await page.getByRole("button", { name: `Close ${total} conversations?` }).click();
    await page.getByText(`${total} conversations changed`).waitFor();
    await page.getByText("No match").waitFor();
    expect.equal((await api(page, "GET", "/conversations?view=open&q=Select")).total, 0);
    await page.getByRole("status", { name: "Notices" }).getByRole("button", { name: "Undo" }).click();
    await until(async () => (await api(page, "GET", "/conversations?view=open&q=Select")).total === total, "Undo opens all of them again");
    await list.locator(`[aria-setsize="${total}"]`).first().waitFor();
  });

  await test("T22 a personal link counts its reader and no preview, a code is one for each customer, and a limit holds", async (desk) => {
    const page = await desk.ana();
    const giulia = await phoneOf(page, "Giulia Romano");
    const { links } = await api(page, "GET", `/people/${giulia.person}/codes`);
    const [before] = links;
    const slug = new URL(before.url).pathname;
    await page.request.fetch(slug, { method: "HEAD", maxRedirects: 0 });
    await page.request.fetch(slug, { headers: { "User-Agent": "facebookexternalhit/1.1 Facebot Twitterbot/1.0" }, maxRedirects: 0 });
    const opened = await page.request.fetch(slug, { headers: { "User-Agent": person }, maxRedirects: 0 });
    expect.equal(opened.status(), 302);
    await page.goto(`/people/${giulia.person}`);
    const line = `${before.clicks + 1} click${before.clicks === 0 ? "" : "s"} \u00B7 ${before.previews + 2} previews not counted`;
    await page.getByText(line).waitFor();

    const name = `Two only ${Date.now()}`;
    const offer = await api(page, "POST", "/offers", { name, kind: "free_shipping", expires_seconds: 0, max_codes: 2, agent_grantable: true });
    const people = (await api(page, "GET", "/people?limit=6")).items;
    const give = (person) => page.request.fetch(`/api/v1/people/${person.id}/codes`, { method: "POST", data: { offer_id: offer.id } });
    const answers = await Promise.all(people.map(give));
    const given = answers.filter((answer) => answer.ok());
    expect.equal(given.length, 2, `given ${given.length} of 2`);
    const codes = await Promise.all(given.map(async (answer) => (await answer.json()).code));
    expect.equal(new Set(codes).size, 2);
    const first = people[answers.indexOf(given[0])];
    expect.equal((await (await give(first)).json()).code, codes[0], "the same customer gets the same code again");
    await page.goto("/offers");
    const row = page.getByRole("row").filter({ hasText: name });
    await row.waitFor();
    expect.deepEqual((await row.getByRole("cell").allTextContents()).slice(3), ["2", "0", "0", "0"]);
  });

  await test("T23 a link that leads nowhere says so without scripts, and what to do", async (desk) => {
    const page = await desk.atDemo({ javaScriptEnabled: false });
    const answer = await page.goto("/l/not0a0link00");
    expect.equal(answer.status(), 404);
    await page.getByRole("heading", { name: "This link leads nowhere" }).waitFor();
    await page.getByText(/reply to the message/i).waitFor();
    expect.ok((await answer.body()).length < 14_000);
    expect.equal(answer.headers()["referrer-policy"], "no-referrer");
    expect.match(answer.headers()["x-robots-tag"], /noindex/);
  });
}

/** What a person's browser says of itself. */
const person = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

/** In the page, before it runs: its line to the feed can be cut and joined again. */
function cuttable() {
  const { fetch } = globalThis;
  let line = new AbortController();
  let away = false;
  globalThis.fetch = (asked, options = {}) => {
    if (!String(asked?.url ?? asked).includes("/api/v1/feed")) return fetch(asked, options);
    if (away) return Promise.reject(new TypeError("cut"));
    return fetch(asked, { ...options, signal: options.signal ? AbortSignal.any([options.signal, line.signal]) : line.signal });
  };
  globalThis.cut = () => {
    away = true;
    line.abort();
  };
  globalThis.join = () => {
    away = false;
    line = new AbortController();
  };
}

/** The first bubble that is whole in sight, with its place in the window. */
function firstSeen(thread) {
  return thread.evaluate((element) => {
    const { top } = element.getBoundingClientRect();
    for (const bubble of element.querySelectorAll(".bubble")) {
      const place = bubble.getBoundingClientRect();
      if (place.top >= top) return { text: bubble.textContent, top: place.top - top };
    }
    throw new Error("no bubble is in sight");
  });
}

function topOf(thread, text) {
  return thread.getByText(text, { exact: true }).evaluate((element) => {
    const inside = element.closest("[role=feed]").getBoundingClientRect().top; // what is above the thread may still load
    return element.closest(".bubble").getBoundingClientRect().top - inside;
  });
}
