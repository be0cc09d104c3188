// Writing to a customer: what is sent once, what is never sent, and what the agent sees of it.
import { api, conversation, customer, focus, hold, parts, received, texts, until } from "./desk.mjs";

export default async function writing({ test, expect }) {
  await test("T04 a text is in the thread at once, and Undo keeps it from the phone", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Nina Undo", "Hello?");
    const { thread, box } = await conversation(page, phone);
    // The screen does not wait for the server: the bubble is there while the server has not even been asked.
    const held = await hold(page, `**/conversations/${phone.person}/messages`, "POST");
    await box.fill("Sent by mistake");
    await box.press("Control+Enter");
    await thread.getByText("Sent by mistake").waitFor();
    held.release();
    await thread.getByRole("button", { name: "Undo" }).click();
    await thread.getByText(/Not sent · Taken back before it left/).waitFor();
    await until(async () => (await box.inputValue()) === "Sent by mistake", "the text is back in the box");

    await watchWords(page, "Sent on purpose");
    await box.fill("Sent on purpose");
    await box.press("Control+Enter");
    await thread.getByText("Delivered").last().waitFor();
    expect.deepEqual(await received(page, phone), ["Sent on purpose"]);
    const words = await page.evaluate(() => globalThis.seenWords);
    const order = ["Sending", "Queued", "Sent", "Delivered"];
    const ranks = words.map((word) => order.indexOf(word));
    expect.ok(words.includes("Sending") && words.at(-1) === "Delivered", `the states that were seen: ${words}`);
    expect.deepEqual(ranks, ranks.toSorted((a, b) => a - b), `the states come in order: ${words}`);
  });

  await test("T05 what was sent without a connection arrives once, over a reload", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Otto Offline", "Are you there?");
    const { thread, box } = await conversation(page, phone);
    // Only the network goes away: the page itself can still be read again.
    await page.route("**/api/v1/**", (route) => route.abort("internetdisconnected"));
    await box.fill("Yes, a moment");
    for (let i = 0; i < 3; i++) await box.press("Control+Enter");
    await thread.getByText("Waiting for connection").waitFor();
    await page.unroute("**/api/v1/**");
    await page.reload();
    const again = await parts(page, phone.name);
    await again.thread.getByText("Delivered").waitFor();
    expect.deepEqual(await received(page, phone), ["Yes, a moment"]);
    expect.equal(await again.thread.getByText("Yes, a moment").count(), 1);
  });

  await test("T05 a text whose answer was lost is not sent twice", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Lola Lost", "Hello?");
    const { thread, box } = await conversation(page, phone);
    let asked = 0;
    await page.route(`**/conversations/${phone.person}/messages`, async (route) => {
      if (route.request().method() !== "POST" || ++asked > 1) return route.continue();
      await route.fetch();
      return route.abort("connectionreset");
    });
    await box.fill("Only once");
    await box.press("Control+Enter");
    await thread.getByText("Delivered").waitFor();
    await page.reload();
    const again = await parts(page, phone.name);
    await until(() => asked === 2, "what has no answer is asked again");
    await again.thread.getByText("Delivered").waitFor();
    expect.deepEqual(await received(page, phone), ["Only once"]);
    expect.equal(await again.thread.getByText("Only once").count(), 1);
  });

  await test("T06 a draft never follows to another customer or from a note to a reply", async (desk) => {
    const page = await desk.ana();
    const people = [];
    people.push(...(await Promise.all(["Dora First", "Dino Second", "Dina Third"].map((name) => customer(page, name, `I am ${name}`)))));
    await page.goto("/inbox?view=all&sort=newest");
    const written = new Map();
    const random = generator(1);
    for (let i = 0; i < 60; i++) {
      if (i % 15 === 14) await page.reload();
      const phone = people[random(people.length)];
      await page.locator(`[data-row="${phone.person}"]`).click();
      const { box, note } = await parts(page, phone.name);
      const mode = random(2) ? "note" : "reply";
      await page.getByRole("button", { name: mode === "note" ? "Note" : "Reply", exact: true }).click();
      const field = mode === "note" ? note : box;
      const key = `${phone.person} ${mode}`;
      expect.equal(await field.inputValue(), written.get(key) ?? "", `switch ${i}: ${key}`);
      const text = `${mode} ${i} to ${phone.name}`;
      await field.fill(text);
      written.set(key, text);
    }
    for (const phone of people) expect.deepEqual(await received(page, phone), []);
  });

  await test("T10 a colleague's answer stops the first Send and not the second", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Carla Collision", "Is it in stock?");
    const { thread, box } = await conversation(page, phone);
    await box.fill("Let me look");
    const marco = await desk.marco(page);
    const his = await conversation(marco, phone);
    await his.box.fill("It is, Carla");
    await his.box.press("Control+Enter");
    await page.getByText("Marco Villa wrote while you were typing:").waitFor();
    await box.press("Control+Enter");
    await page.getByRole("button", { name: "Send anyway" }).waitFor();
    expect.equal(await box.inputValue(), "Let me look");
    await box.press("Control+Enter");
    await thread.getByText("Let me look").waitFor();
    await until(async () => (await received(page, phone)).length === 2, "both texts arrived");
    expect.deepEqual((await received(page, phone)).toSorted(), ["It is, Carla", "Let me look"]);
  });

  await test("T11 a note never reaches the phone", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Nora Note", "My parcel is late");
    const { thread, box, note } = await conversation(page, phone);
    for (const [i, keys] of ["Control+Enter", "Control+Shift+Enter"].entries()) {
      await page.getByRole("heading", { level: 1, name: phone.name }).focus();
      await page.keyboard.press("n");
      await note.fill(`She is cross, ${i}`);
      await note.press(keys);
      await thread.getByText(`She is cross, ${i}`).waitFor();
    }
    // A slash begins a word of the note, and offers nothing that would be made for the customer.
    await page.getByRole("heading", { level: 1, name: phone.name }).focus();
    await page.keyboard.press("n");
    await note.pressSequentially("/");
    expect.equal(await page.getByRole("listbox").count(), 0);
    await note.fill("");
    const other = await customer(page, "Olga Other", "Hi");
    await page.goto(`/c/${phone.person}`);
    await page.getByRole("button", { name: "Note", exact: true }).click();
    await page.locator(`[data-row="${other.person}"]`).click();
    await (await parts(page, other.name)).box.waitFor();
    await page.locator(`[data-row="${phone.person}"]`).click();
    await box.waitFor();
    // What is sent afterwards has arrived, so nothing that was sent before is still on its way.
    await box.fill("We are looking for it");
    await box.press("Control+Enter");
    await thread.getByText("Delivered").waitFor();
    expect.deepEqual(await received(page, phone), ["We are looking for it"]);
    const { items } = await api(page, "GET", `/conversations/${phone.person}/messages`);
    expect.equal(items.filter((message) => message.kind === "note").length, 2);
  });

  await test("T13 STOP puts the reason in the place of the box, and START brings it back", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Stella Stop", "Hi there");
    const { thread, box } = await conversation(page, phone);
    await box.waitFor();
    await texts(page, phone, "STOP");
    await page.getByText(/Stella Stop texted STOP today at \d\d:\d\d\./).waitFor();
    await page.getByText("They must text START before you can text them again.").waitFor();
    expect.equal(await box.count(), 0);
    expect.equal(await page.getByRole("button", { name: "Send SMS" }).count(), 0);
    await thread.getByText(/unsubscribed|no more/i).waitFor();
    await page.getByRole("button", { name: "See that message" }).click();
    await thread.getByRole("article").filter({ hasText: "STOP" }).first().waitFor();
    await until(async () => (await received(page, phone)).some((text) => /unsubscribed|no more/i.test(text)), "the phone shows the confirmation");
    const body = { text: "Still there?", kind: "reply", client_key: "after-stop", seen_seq: 0 };
    const refused = await page.request.post(`/api/v1/conversations/${phone.person}/messages`, { data: body });
    expect.equal(refused.status(), 409);
    await texts(page, phone, "One more question");
    await thread.getByText("One more question").waitFor();

    await texts(page, phone, "START");
    await box.waitFor();
    await box.fill("Welcome back");
    await box.press("Control+Enter");
    await until(async () => (await received(page, phone)).includes("Welcome back"), "texts reach the phone again");
    await thread.getByText("Delivered").last().waitFor();
  });

  await test("T14 a text that a carrier filtered says so, with the code and the way out by keyboard", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Fina Filtered", "Any news?");
    await api(page, "PUT", `/sim/phones/${encodeURIComponent(phone.number)}/dials`, { latency_ms: 0, receipts: true, fail_code: "30007", duplicate: false, out_of_order: false, carrier_stop: false });
    const { thread, box } = await conversation(page, phone);
    await box.fill("Your parcel is on its way");
    await box.press("Control+Enter");
    const fate = thread.getByRole("status").filter({ hasText: "Not delivered" });
    await fate.waitFor();
    expect.match(await fate.textContent(), /Not delivered · .*30007/);
    const action = fate.getByRole("button").first();
    const size = await action.boundingBox();
    expect.ok(size.width >= 24 && size.height >= 24, "the target is large enough");
    await api(page, "PUT", `/sim/phones/${encodeURIComponent(phone.number)}/dials`, { latency_ms: 0, receipts: true, fail_code: "", duplicate: false, out_of_order: false, carrier_stop: false });
    expect.equal(await fate.count(), 1, "it is announced once");
    await thread.getByText("Your parcel is on its way").click();
    // The same words would be filtered again, so they come back to be changed.
    await tabTo(page, "Edit text");
    await page.keyboard.press("Enter");
    await until(async () => (await box.inputValue()) === "Your parcel is on its way", "the text is back in the box");
    await box.fill("Your parcel arrives today");
    await box.press("Control+Enter");
    await thread.getByText("Delivered", { exact: true }).waitFor();
    expect.deepEqual(await received(page, phone), ["Your parcel arrives today"]);
  });

  await test("T15 a curly quote doubles the segments, and one click takes it away", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Quentin Quote", "Which one?");
    const { box } = await conversation(page, phone);
    const plain = `It's the green one${" and it fits".repeat(9)}`;
    await box.fill(plain);
    await page.getByText(`GSM-7 · ${plain.length}/160 · 1 segment`).waitFor();
    await box.fill(plain.replace("'", "\u2019"));
    await page.getByText(/^UCS-2 · .* · 2 segments/).waitFor();
    await page.getByRole("button", { name: /^Use plain/ }).click();
    await page.getByText(`GSM-7 · ${plain.length}/160 · 1 segment`).waitFor();
    expect.equal(await box.inputValue(), plain);
    const { segments } = await api(page, "POST", "/text/count", { text: plain.replace("'", "\u2019") });
    expect.equal(segments, 2);
  });

  await test("T15 the box, the server and the list of cases count alike", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Vera Vector", "Which one?");
    const { box } = await conversation(page, phone);
    const shown = page.locator("[data-composer] .sr-only").filter({ hasText: / of \d+, / });
    const wrong = [];
    for (const [text, encoding, units, segments] of counted) {
      await box.fill(text);
      const screen = (await shown.textContent()).replace(/ of \d+/, "").replace(/ segments?.*/, "");
      const server = await api(page, "POST", "/text/count", { text });
      for (const said of [screen, `${server.encoding}, ${server.units}, ${server.segments}`])
        if (said !== `${encoding}, ${units}, ${segments}`) wrong.push(`${text.slice(0, 8)}\u2026 is ${encoding}, ${units}, ${segments}, not ${said}`);
    }
    expect.deepEqual(wrong, []);
  });
}

/** Texts with what they take: encoding, units and segments. */
const counted = [
  ["a".repeat(160), "GSM-7", 160, 1],
  ["a".repeat(161), "GSM-7", 161, 2],
  ["a".repeat(306), "GSM-7", 306, 2],
  ["a".repeat(307), "GSM-7", 307, 3],
  [`${"a".repeat(158)}\u20AC`, "GSM-7", 160, 1],
  [`${"a".repeat(159)}\u20AC`, "GSM-7", 161, 2],
  [`${"a".repeat(152)}\u20AC${"a".repeat(10)}`, "GSM-7", 164, 2],
  ["\u00C7", "GSM-7", 1, 1],
  ["\u00E7", "UCS-2", 1, 1],
  ["It\u2019s", "UCS-2", 4, 1],
  ["a`b", "UCS-2", 3, 1],
  ["a\u00A0b", "UCS-2", 3, 1],
  ["a\u200Bb", "UCS-2", 3, 1],
  ["\u00EA".repeat(70), "UCS-2", 70, 1],
  ["\u00EA".repeat(71), "UCS-2", 71, 2],
  ["\u00EA".repeat(134), "UCS-2", 134, 2],
  ["\u00EA".repeat(135), "UCS-2", 135, 3],
  ["\u{1F600}".repeat(35), "UCS-2", 70, 1],
  ["\u{1F600}".repeat(36), "UCS-2", 72, 2],
  [`${"\u00EA".repeat(66)}\u{1F600}${"\u00EA".repeat(5)}`, "UCS-2", 73, 2],
];

/** Keeps in the page, in the order of their appearance, the words of state below the message with this text. */
async function watchWords(page, text) {
  await page.evaluate((wanted) => {
    globalThis.seenWords = [];
    const look = () => {
      for (const article of document.querySelectorAll("[role=feed] article")) {
        if (!article.textContent.includes(wanted)) continue;
        const word = /Sending|Queued|Delivered|Sent(?! on)/.exec(article.textContent.replace(wanted, ""))?.[0];
        if (word && globalThis.seenWords.at(-1) !== word) globalThis.seenWords.push(word);
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, text);
}

/** Presses Tab until the focus is on what has this name. */
async function tabTo(page, name) {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    if ((await focus(page)) === name) return;
  }
  throw new Error(`Tab does not come to ${name}`);
}

/** Random numbers that are the same in every run. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}
