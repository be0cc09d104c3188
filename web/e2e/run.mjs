// Runs every *.spec.mjs beside this file, one after the other, and ends with "N passed, N failed".
// A spec exports default an async function that gets { test, expect } and calls test(name, run). run gets the test's
// desk (desk.mjs). After each test no page may have reported an error or asked another host.
// Arguments narrow the run to specs and tests whose name contains one of them.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { launch, Pages } from "./browser.mjs";
import { Desk } from "./desk.mjs";
import { startDemo, startEmpty } from "./program.mjs";

const wanted = process.argv.slice(2);
const limit = Number(process.env.TEST_TIMEOUT ?? 180_000);
const here = new URL(".", import.meta.url);
const counts = { passed: 0, failed: 0 };

/** The programs that tests share, each started when the first test asks for it. */
class Programs {
  #started = new Map();
  #once(name, start) {
    if (!this.#started.has(name)) this.#started.set(name, start());
    return this.#started.get(name);
  }
  demo() {
    return this.#once("demo", startDemo);
  }
  empty() {
    return this.#once("empty", startEmpty);
  }
  async stop() {
    for (const started of this.#started.values()) await started.then((program) => program.stop(), () => undefined);
  }
}

function within(promise, name) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: no end within ${limit} ms`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function attempt(name, run, { browser, programs }) {
  const pages = new Pages(browser);
  const started = performance.now();
  try {
    await within(run(new Desk(pages, programs)), name);
    assert.deepEqual(pages.faults, [], "no page reports an error or asks another host");
    counts.passed++;
    process.stdout.write(`ok   ${name} (${Math.round(performance.now() - started)} ms)\n`);
  } catch (error) {
    counts.failed++;
    process.stdout.write(`FAIL ${name}\n${error instanceof Error ? error.stack : String(error)}\n${await pages.evidence()}\n`);
  } finally {
    await pages.close();
  }
}

const browser = await launch();
const programs = new Programs();
try {
  for (const file of readdirSync(here).filter((name) => name.endsWith(".spec.mjs")).toSorted()) {
    const { default: spec } = await import(new URL(file, here).href);
    const test = async (name, run) => {
      if (wanted.length > 0 && !wanted.some((part) => name.includes(part) || file.includes(part))) return;
      await attempt(name, run, { browser, programs });
    };
    await spec({ test, expect: assert });
  }
} finally {
  await programs.stop();
  await browser.close();
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
