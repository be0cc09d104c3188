// Text that strangers wrote is text: nothing of it runs, loads, leads or widens anything, wherever it is shown (I32).
import { api, customer, texts, until } from "./desk.mjs";
import { beyond, phoneAddress, show } from "./screen.mjs";

const overrides = "\u202Egnp.exe\u202C\u2066\u202E";
const invisible = "pay\u200Bpal\u200D\uFEFF";
const unbroken = (length) => "W".repeat(length);

/** Each way of being more than text, as short as a name must be. What ran would be in globalThis.ran. */
const payloads = [
  `<img data-hostile src=x onerror="ran=1">`,
  `<script data-hostile>ran=1</script>`,
  `"><svg data-hostile onload=ran=1>`,
  `<iframe data-hostile srcdoc="<script>top.ran=1</script>">`,
  `<a data-hostile href="javascript:ran=1">pay</a>`,
  `<style data-hostile>*{display:none}</style>`,
  `<img data-hostile src=//stranger.example/x>`,
  `javascript:ran=1 data:text/html,<b>x`,
  `{{7*7}} \${7*7} %s`,
  `[x](javascript:ran=1) ![x](//stranger.example/x)`,
];

/** In the page: what of hostile text is more than text; words for each. */
function alive() {
  const found = [];
  if (globalThis.ran !== undefined) found.push("a script ran");
  for (const element of document.querySelectorAll("[data-hostile], iframe, object, embed")) found.push(`an element came out of text: ${element.outerHTML.slice(0, 60)}`);
  for (const link of document.querySelectorAll("a[href], area[href], form[action]")) {
    const { protocol } = new URL(link.href ?? link.action, location.href);
    if (!["http:", "https:"].includes(protocol)) found.push(`a link of ${protocol}`);
  }
  for (const each of document.querySelectorAll("[src], [srcset], [poster], [background]")) if (/stranger/.test(each.outerHTML)) found.push(`something is loaded: ${each.outerHTML.slice(0, 60)}`);
  return found;
}

/** In the page: words of ours that stand in one line behind an override that nothing isolates, so that they read backwards. */
function backwards() {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.data.includes("\u202E")) continue;
    let at = text.parentElement;
    if (at.closest(".sr-only, [aria-live], option, textarea, script")) continue;
    const inline = () => getComputedStyle(at).display === "inline";
    while (inline() && !/isolate|plaintext/.test(getComputedStyle(at).unicodeBidi)) at = at.parentElement;
    if (inline()) continue;
    // A paragraph ends what an override does; so all in it must be of the stranger.
    const after = document.createRange();
    after.setStartAfter(text);
    after.setEndAfter(at.lastChild);
    const rest = `${text.data.slice(text.data.lastIndexOf("\u202E"))}${after}`;
    if (/[a-z]{2}/i.test(String(after))) found.push(`${at.tagName.toLowerCase()} “${rest.slice(0, 60)}”`);
  }
  return found;
}

/** In the page: text of strangers that runs out of its box and beyond the side of the window, where neither dots say that there is more nor a table scrolls to it. */
function sideways() {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode() && found.length < 3) {
    if (!/W{20}|hostile|stranger|ran=1/.test(walk.currentNode.data)) continue;
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const { right, width } = range.getBoundingClientRect();
    if (width === 0 || right <= document.documentElement.clientWidth + 1) continue;
    let at = walk.currentNode.parentElement;
    if (at.closest(".sr-only, [inert], textarea")) continue;
    const meant = ({ textOverflow, webkitLineClamp, overflowX }) => textOverflow === "ellipsis" || webkitLineClamp !== "none" || (/auto|scroll/.test(overflowX) && at.firstElementChild?.matches("table"));
    while (at && !meant(getComputedStyle(at))) at = at.parentElement;
    if (!at) found.push(`text runs out of sight: “${walk.currentNode.data.slice(0, 30)}”`);
  }
  return found;
}

/** What is too long is refused, and said to be. */
async function tooLong(page, phone) {
  const long = unbroken(10_000);
  const calls = [
    ["POST", `/sim/phones/${encodeURIComponent(phone.number)}/messages`, { text: long }],
    ["POST", `/conversations/${phone.person}/messages`, { kind: "note", text: long, seen_seq: 0 }],
    ["PATCH", `/people/${phone.person}`, { name: long }],
    ["POST", "/offers", { name: long, kind: "percent", percent: 10, prefix: "LENG" }],
  ];
  const answers = [];
  for (const [method, path, data] of calls) {
    const answer = await page.request.fetch(`/api/v1${path}`, { method, data });
    answers.push(`${answer.status()} ${/length|longer|at most/i.test(await answer.text()) ? "too long" : await answer.text()}`);
  }
  return answers;
}

/** A customer who is hostile in every text that one may write, and a note and an offer of the same words. */
async function stranger(page) {
  const phone = await customer(page, "Mallory Stranger", payloads.join(" "));
  for (const text of [`${overrides} ${invisible}`, unbroken(1600), "https://stranger.example/" + unbroken(1200), ...payloads]) await texts(page, phone, text);
  const write = (kind, text) => api(page, "POST", `/conversations/${phone.person}/messages`, { kind, text, seen_seq: 0, client_key: crypto.randomUUID() });
  for (const text of [payloads.join("\n"), `${overrides} ${invisible}`, unbroken(8000)]) await write("note", text);
  for (const [i, text] of [...payloads, `${overrides}${invisible}`, unbroken(76)].entries()) await api(page, "POST", "/offers", { name: `${i} ${text}`.slice(0, 80), kind: "percent", percent: 10, prefix: `H${"ABCDEFGHJKLM"[i]}` });
  await until(async () => (await api(page, "GET", `/conversations/${phone.person}/messages?limit=200`)).items.length >= payloads.length + 7, "all of it came in");
  return phone;
}

const screens = [
  ["inbox", () => "/inbox?view=all&sort=newest"],
  ["conversation", (phone) => `/c/${phone.person}`],
  ["people", () => "/people"],
  ["person", (phone) => `/people/${phone.person}`],
  ["offers", () => "/offers"],
  ["phones", () => "/sim"],
  ["phone", phoneAddress],
];

export default async function hostile({ test, expect }) {
  await test("I32 the watch sees what is more than text, reads backwards or widens a screen", async (desk) => {
    const page = await desk.ana({ viewport: { width: 360, height: 740 } });
    await show(page, "/people");
    expect.deepEqual([...(await page.evaluate(alive)), ...(await page.evaluate(backwards)), ...(await page.evaluate(beyond)), ...(await page.evaluate(sideways))], []);
    await page.evaluate(([wide, override]) => {
      const main = document.querySelector("main");
      const add = (tag, text, more = {}) => main.append(Object.assign(document.createElement(tag), { textContent: text, ...more }));
      add("a", "pay", { href: "javascript:void 0" });
      add("b", "bold");
      main.lastElementChild.dataset.hostile = "";
      add("p", `${override} read me`);
      main.lastElementChild.append(Object.assign(document.createElement("span"), { textContent: "words of ours" }));
      add("button", wide);
      main.lastElementChild.style.whiteSpace = "nowrap";
      globalThis.ran = 1;
    }, [unbroken(400), overrides]);
    expect.equal((await page.evaluate(alive)).length, 3);
    expect.equal((await page.evaluate(backwards)).length, 1);
    expect.equal((await page.evaluate(sideways)).length, 1);
  });

  await test("I32 hostile text is shown as it is on every screen, and does nothing", async (desk) => {
    const page = await desk.ana({ viewport: { width: 360, height: 740 } });
    const phone = await stranger(page);
    expect.deepEqual(await tooLong(page, phone), Array.from({ length: 4 }, () => "422 too long"));
    const names = [...payloads, `${overrides}${invisible}`, unbroken(99)];
    const found = [];
    page.on("dialog", (dialog) => {
      found.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("popup", (popup) => found.push(`a window: ${popup.url()}`));
    for (const [i, name] of names.entries()) {
      await api(page, "PATCH", `/people/${phone.person}`, { name, given_name: name, family_name: "" });
      // A name is shown alike however it is hostile: each is opened once, the last two everywhere, the longest also wide.
      const whole = i >= names.length - 2;
      for (const [screen, address] of whole ? screens : [screens[i % 4]]) {
        for (const width of i === names.length - 1 ? [360, 1280] : [360]) {
          await page.setViewportSize({ width, height: 740 });
          await show(page, address(phone));
          if (screen !== "offers" && screen !== "phone" && screen !== "phones") await page.getByText(name.slice(0, 40)).first().waitFor({ state: "attached" });
          for (const look of [alive, backwards, beyond, sideways]) found.push(...(await page.evaluate(look)).map((what) => `${screen}, ${width} px, “${name.slice(0, 24)}”: ${what}`));
        }
      }
    }
    expect.deepEqual(found, []);
    // It was there to be seen: the text of each payload stands in the thread, letter by letter.
    await page.setViewportSize({ width: 1280, height: 740 });
    await show(page, `/c/${phone.person}`);
    for (const payload of payloads.slice(-3)) await page.getByText(payload, { exact: true }).last().waitFor();
  });
}
