// A Chromium of the system, quiet and alone, and what every test wants to know about its pages.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long a page may take to show something. This is no budget: machines that test are busy. */
const patience = 30_000;

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
}

/** The pages of one test: each tells its errors and every request that left for another host. */
export class Pages {
  #browser;
  #open = [];
  faults = [];

  constructor(browser) {
    this.#browser = browser;
  }

  /** A page in a context of its own, like another person's browser. */
  async open(origin, options = {}) {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", baseURL: origin, reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    this.#open.push(page);
    page.on("pageerror", (error) => this.faults.push(`error on ${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // A refused request is an answer that the page shows, not a fault of the page.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.faults.push(`console on ${page.url()}: ${message.text()}`);
    });
    page.on("request", (request) => {
      const asked = new URL(request.url());
      if (asked.protocol.startsWith("http") && asked.origin !== origin) this.faults.push(`another host from ${page.url()}: ${request.url()}`);
    });
    return page;
  }

  /** Where each page was and how it looked, for who reads the failure. */
  async evidence() {
    const place = mkdtempSync(join(tmpdir(), "parley-e2e-failure-"));
    const lines = [];
    for (const [i, page] of this.#open.entries()) {
      const file = join(place, `${i + 1}.png`);
      const kept = await page.screenshot({ path: file, timeout: 10_000 }).then(
        () => file,
        () => "no picture",
      );
      lines.push(`  page ${i + 1}: ${page.url()} (${kept})`);
    }
    return [...lines, ...this.faults.map((fault) => `  ${fault}`)].join("\n");
  }

  async close() {
    await Promise.all(this.#open.map((page) => page.context().close()));
  }
}
