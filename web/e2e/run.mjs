// Runs every *.spec.mjs beside this file against BASE_URL, one after the other, and ends with "N passed, N failed".
// A spec exports default an async function that gets { test, browser, open, axe, expect }.
// Arguments narrow the run to specs and tests whose name contains one of them.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { axe } from "./axe.mjs";
import { launch, open } from "./browser.mjs";

const wanted = process.argv.slice(2);
const limit = Number(process.env.TEST_TIMEOUT ?? 60_000);
const here = new URL(".", import.meta.url);
let passed = 0;
let failed = 0;

function within(promise, name) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: no end within ${limit} ms`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function test(name, run) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part) || test.spec.includes(part))) return;
  const started = performance.now();
  try {
    await within(run(), name);
    passed++;
    process.stdout.write(`ok   ${name} (${Math.round(performance.now() - started)} ms)\n`);
  } catch (error) {
    failed++;
    process.stdout.write(`FAIL ${name}\n${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
test.spec = "";

const browser = await launch();
try {
  for (const file of readdirSync(here).filter((name) => name.endsWith(".spec.mjs")).toSorted()) {
    test.spec = file;
    const { default: spec } = await import(new URL(file, here).href);
    await spec({ test, browser, open: (options) => open(browser, options), axe, expect: assert });
  }
} finally {
  await browser.close();
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
