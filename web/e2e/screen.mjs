// Screens as a whole: how one is opened, and what of it lies out of reach.

/** The screen of a simulated phone, as a guest opens it. */
export function phoneAddress(phone) {
  return `/sim/${encodeURIComponent(phone.number)}?t=${phone.token}`;
}

/** Opens a screen and waits until it shows what it has. */
export async function show(page, address) {
  await page.goto(address);
  await page.locator("h1, [role=region], p").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".skeleton, [aria-busy=true], [role=status][aria-label=Loading]") === null);
  await page.waitForLoadState("load");
}

/** In the page: what can be pressed or read but lies beyond the side of the window, where nothing scrolls to it. */
export function beyond() {
  const { clientWidth } = document.documentElement;
  const found = [];
  if (document.documentElement.scrollWidth > clientWidth) found.push("the page");
  const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth && (element.tabIndex >= 0 || element.querySelector("a, button, input, select, [tabindex]") !== null);
  for (const element of document.querySelectorAll("main *, nav *, dialog *")) {
    const { width, height, left, right } = element.getBoundingClientRect();
    if (width === 0 || height === 0 || (right <= clientWidth + 1 && left >= -1) || element.closest(".sr-only, [inert], details:not([open]) > :not(summary)")) continue;
    // What ends in three dots is meant to.
    if (element.parentElement.closest(".truncate")) continue;
    let at = element.parentElement;
    while (at && !scrolls(at)) at = at.parentElement;
    // A whole page that scrolls sideways is what must not be.
    if (!at || at.matches("main, main > div, main .scroll.h-full")) found.push(`${element.tagName.toLowerCase()} \u201C${element.textContent.slice(0, 30)}\u201D`);
    if (found.length > 3) break;
  }
  return found;
}
