// What the people of a story do: members of the team at their desks, and customers on simulated phones.
import assert from "node:assert/strict";

/** The cookies of who signed in to a program, by its origin and name: the printed link works once. */
const sessions = new Map();

export class Desk {
  #pages;
  #programs;

  constructor(pages, programs) {
    this.#pages = pages;
    this.#programs = programs;
  }

  /** A visitor without a session, at a server that nobody has set up. */
  async atEmpty(options) {
    return this.#pages.open((await this.#programs.empty()).origin, options);
  }

  /** A visitor without a session, at the demo. */
  async atDemo(options) {
    return this.#pages.open((await this.#programs.demo()).origin, options);
  }

  /** Ana, the owner of the demo. */
  async ana(options) {
    const demo = await this.#programs.demo();
    return this.#member(`${demo.origin} ana`, options, (page) => page.goto(demo.open));
  }

  /** Marco, an agent of the demo, with the password that Ana let him choose. */
  async marco(ana, options) {
    const { origin } = await this.#programs.demo();
    return this.#member(`${origin} marco`, options, async (page) => {
      const { items } = await api(ana, "GET", "/members");
      const marco = items.find((member) => member.name.startsWith("Marco"));
      const { url } = await api(ana, "POST", `/members/${marco.id}/reset-link`);
      await page.goto(new URL(url).pathname);
      await page.getByLabel("Password").fill("a password for stories");
      await page.getByRole("button", { name: "Save and sign in" }).click();
      await page.waitForURL("**/inbox");
    });
  }

  async #member(who, options, signIn) {
    const storageState = sessions.get(who);
    const page = await this.atDemo({ ...options, ...(storageState ? { storageState } : {}) });
    if (!storageState) {
      await signIn(page);
      await page.getByRole("heading", { name: "Inbox" }).waitFor();
      sessions.set(who, { cookies: await page.context().cookies(), origins: [] });
    }
    return page;
  }

  /** The customer with this phone's screen in the hand, as a guest without a session. */
  async holding(phone) {
    const page = await this.atDemo({ viewport: { width: 390, height: 844 } });
    await page.goto(`/sim/${encodeURIComponent(phone.number)}?t=${phone.token}`);
    return page;
  }
}

/** Calls the JSON API with the session of a page. */
export async function api(page, method, path, data) {
  const response = await page.request.fetch(`/api/v1${path}`, { method, ...(data ? { data } : {}) });
  const text = await response.text();
  assert.ok(response.ok(), `${method} ${path}: ${response.status()} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

const counter = { phones: 0 };

/** A new customer, who wrote this text from a simulated phone. */
export async function customer(member, name, text) {
  const number = `+1555010${String(4200 + counter.phones++).padStart(4, "0")}`;
  const phone = await api(member, "POST", "/sim/phones", { number, name, country: "IT", timezone: "Europe/Rome" });
  const made = { ...phone, number, name };
  await texts(member, made, text);
  await until(async () => {
    made.person = (await phones(member)).find((each) => each.number === number)?.person_id;
    return made.person;
  }, `${name} is known`);
  const [given_name, family_name] = name.split(" ");
  await api(member, "PATCH", `/people/${made.person}`, { given_name, family_name });
  await until(async () => (await api(member, "GET", `/conversations/${made.person}/messages`)).items.length > 0, `${name}'s text is in the conversation`);
  return made;
}

async function phones(member) {
  return (await api(member, "GET", "/sim/phones")).items;
}

/** The phone that the demo has for somebody. */
export async function phoneOf(member, name) {
  const phone = (await phones(member)).find((each) => each.name === name);
  assert.ok(phone, `the demo has no phone of ${name}`);
  return { ...phone, person: phone.person_id };
}

/** The customer writes. */
export function texts(member, phone, text) {
  return api(member, "POST", `/sim/phones/${encodeURIComponent(phone.number)}/messages`, { text });
}

/** What the customer received, in order. */
export async function received(member, phone) {
  const { items } = await api(member, "GET", `/phone/${phone.token}`);
  return items.filter((message) => message.kind === "out").map((message) => message.text);
}

/** Asks again and again, because what is asked becomes true by itself a little later. */
export async function until(ask, what, milliseconds = 30_000) {
  const end = performance.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(performance.now() < end, `not within ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Opens a conversation and gives the parts of its screen. */
export async function conversation(page, { person, name }) {
  await page.goto(`/c/${person}`);
  return parts(page, name);
}

/** The parts of the screen of the conversation that is open. */
export async function parts(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
  const thread = page.getByRole("feed", { name: `Conversation with ${name}` });
  await thread.waitFor();
  return { thread, box: page.getByRole("textbox", { name: `Reply to ${name} by SMS` }), note: page.getByRole("textbox", { name: `Internal note about ${name}` }) };
}

/** Keeps requests from the server until release. */
export async function hold(page, address, method) {
  let open;
  const released = new Promise((resolve) => (open = resolve));
  const seen = { count: 0 };
  await page.route(address, async (route) => {
    if (route.request().method() !== method) return route.continue();
    seen.count++;
    await released;
    await route.continue();
  });
  return {
    seen,
    release: open,
  };
}

/** The element that has the focus, as a person would name it; "body" when the focus is lost. */
export function focus(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    return !element || element === document.body ? "body" : element.getAttribute("data-row") ?? element.getAttribute("aria-label") ?? element.textContent?.slice(0, 60) ?? element.tagName;
  });
}
