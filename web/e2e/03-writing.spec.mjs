// Writing to a customer: what is sent once, what is never sent, and what the agent sees of it.
import { api, conversation, customer, parts, received, texts, until } from "./desk.mjs";

export default async function writing({ test, expect }) {
  await test("T04 a text is in the thread at once, and Undo keeps it from the phone", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Nina Undo", "Hello?");
    const { thread, box } = await conversation(page, phone);
    await box.fill("Sent by mistake");
    await box.press("Control+Enter");
    await thread.getByText("Sent by mistake").waitFor();
    await thread.getByRole("button", { name: "Undo" }).click();
    await thread.getByText(/Not sent · Taken back before it left/).waitFor();
    await until(async () => (await box.inputValue()) === "Sent by mistake", "the text is back in the box");

    await box.fill("Sent on purpose");
    await box.press("Control+Enter");
    await thread.getByText("Delivered").last().waitFor();
    expect.deepEqual(await received(page, phone), ["Sent on purpose"]);
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

  await test("T06 a draft never follows to another customer or from a note to a reply", async (desk) => {
    const page = await desk.ana();
    const people = [];
    for (const name of ["Dora First", "Dino Second", "Dina Third"]) people.push(await customer(page, name, `I am ${name}`));
    await page.goto("/inbox?view=all&sort=newest");
    const written = new Map();
    const random = generator(1);
    for (let i = 0; i < 30; i++) {
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
    // What is sent afterwards has arrived, so nothing that was sent before is still on its way.
    await page.getByRole("button", { name: "Reply", exact: true }).click();
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
    await page.getByText(/Stella Stop texted STOP/).waitFor();
    await page.getByText("They must text START before you can text them again.").waitFor();
    expect.equal(await box.count(), 0);
    expect.equal(await page.getByRole("button", { name: "Send SMS" }).count(), 0);
    await until(async () => (await received(page, phone)).some((text) => /unsubscribed|no more/i.test(text)), "the phone shows the confirmation");
    const body = { text: "Still there?", kind: "reply", client_key: "after-stop", seen_seq: 0 };
    const refused = await page.request.post(`/api/v1/conversations/${phone.person}/messages`, { data: body });
    expect.equal(refused.status(), 409);

    await texts(page, phone, "START");
    await box.waitFor();
    await box.fill("Welcome back");
    await box.press("Control+Enter");
    await until(async () => (await received(page, phone)).includes("Welcome back"), "texts reach the phone again");
    await thread.getByText("Delivered").last().waitFor();
  });

  await test("T14 a text that a carrier filtered says so, with the code and Retry by keyboard", async (desk) => {
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
    await thread.getByRole("button", { name: "Retry" }).focus();
    await page.keyboard.press("Enter");
    await thread.getByText("Delivered", { exact: true }).waitFor();
    expect.deepEqual(await received(page, phone), ["Your parcel is on its way"]);
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
}

/** Random numbers that are the same in every run. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}
