// The desk without a pointer: triage by single keys, and keyboards of other languages.
import { api, conversation, customer, focus, until } from "./desk.mjs";

export default async function keyboard({ test, expect }) {
  await test("T07 conversations are answered, closed and brought back by keys, and the focus is never lost", async (desk) => {
    const page = await desk.ana();
    const people = [];
    for (const name of ["Tina Triage", "Theo Triage", "Tess Triage", "Tara Triage", "Toby Triage"]) people.unshift(await customer(page, name, `${name} has a question`));
    await page.goto("/inbox?view=open&sort=newest");
    const row = (phone) => page.locator(`[data-row="${phone.person}"]`);
    await row(people[4]).waitFor();
    const press = async (key) => {
      await page.keyboard.press(key);
      await until(async () => (await focus(page)) !== "body", `${key} leaves the focus somewhere`);
    };
    await press("j");
    await page.waitForURL(`**/c/${people[0].person}*`);
    await press("j");
    await page.waitForURL(`**/c/${people[1].person}*`);
    await press("k");
    await page.waitForURL(`**/c/${people[0].person}*`);
    await page.getByRole("heading", { level: 1, name: people[0].name }).waitFor();
    await press("r");
    await until(async () => (await focus(page)).startsWith("Reply to"), "the box has the focus");
    await page.keyboard.type("Yes, Toby");
    await press("Control+Enter");
    await press("Escape");
    await press("e");
    await row(people[0]).waitFor({ state: "detached" });
    await page.waitForURL(`**/c/${people[1].person}*`);
    await press("z");
    await row(people[0]).waitFor();
    await until(async () => (await api(page, "GET", `/conversations/${people[0].person}`)).status === "open", "it is open again");
    expect.notEqual(await focus(page), "body");
    const cleared = async (gone) => (await api(page, "GET", "/conversations?view=open&q=Triage")).total === people.length - gone;
    await page.goto("/inbox?view=open&q=Triage&sort=newest");
    await row(people[0]).waitFor();
    await press("j");
    await page.waitForURL("**/c/*");
    await page.locator("#snooze-menu").waitFor();
    await press("i");
    await page.getByText(/^Assigned .* to Ana Costa$/).waitFor();
    await press("h");
    await page.getByRole("menu").waitFor();
    await press("Enter");
    await until(() => cleared(1), "one is snoozed");
    for (let gone = 2; gone <= people.length; gone++) {
      await press("j");
      await page.locator('[aria-current][data-row]').waitFor();
      await page.locator("#snooze-menu").waitFor();
      await press("e");
      await until(() => cleared(gone), `${gone} are gone`);
    }
    await page.getByText("No match").waitFor();
  });

  await test("T08 characters of other layouts are typed, and fire no command", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Lena Layout", "Witam");
    const { box } = await conversation(page, phone);
    await box.focus();
    const typed = [];
    for (const [key, code, modifiers] of [["\u0105", "KeyA", ["AltGraph"]], ["\u0142", "KeyL", ["AltGraph"]], ["@", "KeyL", ["Alt"]], ["\u20AC", "KeyE", ["Control", "Alt", "AltGraph"]]]) {
      const refused = await page.evaluate(press, { key, code, modifiers });
      expect.equal(refused, false, `${key} is left to the text`);
      await page.keyboard.insertText(key);
      typed.push(key);
    }
    await until(async () => (await box.inputValue()) === typed.join(""), "the text holds every character");
    await page.getByRole("heading", { level: 1, name: phone.name }).focus();
    for (const [key, code, modifiers] of [["\u0119", "KeyE", ["AltGraph"]], ["\u20AC", "KeyE", ["Alt"]], ["\u0144", "KeyN", ["AltGraph"]]]) {
      expect.equal(await page.evaluate(press, { key, code, modifiers }), false, `${key} is no command`);
    }
    expect.equal((await api(page, "GET", `/conversations/${phone.person}`)).status, "open");
    // A Cyrillic о is typed by the key that other layouts call j.
    const before = page.url();
    expect.equal(await page.evaluate(press, { key: "\u043E", code: "KeyJ", modifiers: [] }), true);
    await page.waitForURL((url) => url.href !== before);
  });

  await test("T08 single letters fire nothing once they are switched off, and the others still do", async (desk) => {
    const page = await desk.ana();
    const phone = await customer(page, "Sven Speech", "Hej");
    await page.goto("/settings/keyboard");
    await page.getByLabel("Single letters are shortcuts").uncheck();
    await conversation(page, phone);
    const heading = page.getByRole("heading", { level: 1, name: phone.name });
    const before = page.url();
    await heading.focus();
    for (const key of ["e", "j", "k", "r", "n", "i", "b", "u", "?", "/"]) await page.keyboard.press(key);
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    expect.equal(page.url(), before);
    expect.ok(await heading.isVisible());
    const { status, owner } = await api(page, "GET", `/conversations/${phone.person}`);
    expect.deepEqual([status, owner], ["open", undefined]);
  });
}

/** In the page: a stroke as a layout makes it; true if a command took it. */
function press({ key, code, modifiers }) {
  const has = (name) => modifiers.includes(name);
  const event = new KeyboardEvent("keydown", { key, code, ctrlKey: has("Control"), altKey: has("Alt"), modifierAltGraph: has("AltGraph"), bubbles: true, cancelable: true });
  return !(document.activeElement ?? document.body).dispatchEvent(event);
}
