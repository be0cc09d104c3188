// Prints what the inbox costs to reach, and every chunk loaded later, against the budgets; fails above one.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;
const files = readdirSync(join(dist, "assets")).filter((name) => !/\.(br|gz)$/.test(name));
const gz = (name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

// The page names its entry and style; an open conversation and what it imports come on top.
const html = readFileSync(join(dist, "index.html"), "utf8");
const first = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]));
const follow = (name) => {
  for (const [, found] of readFileSync(join(dist, name), "utf8").matchAll(/from\s*"\.\/([\w.-]+\.js)"/g)) {
    const path = `assets/${found}`;
    if (!first.has(path)) {
      first.add(path);
      follow(path);
    }
  }
};
for (const name of first) if (name.endsWith(".js")) follow(name);
const inbox = new Set(first);
for (const name of files) if (name.startsWith("pane-") && name.endsWith(".js")) first.add(`assets/${name}`);
for (const name of first) if (name.endsWith(".js")) follow(name);

const sum = (names) => names.reduce((total, name) => total + gz(name), 0);
const budgets = [
  ["JS to reach the inbox (goal 150 kB)", sum([...inbox].filter((name) => name.endsWith(".js"))), 180_000],
  ["JS with a conversation open", sum([...first].filter((name) => name.endsWith(".js"))), 180_000],
  ["CSS", sum(files.filter((name) => name.endsWith(".css")).map((name) => `assets/${name}`)), 20_000],
  ["font first loaded", Math.max(...files.filter((n) => /^latin.*woff2$/.test(n)).map((n) => statSync(join(dist, "assets", n)).size)), 60_000],
];
const lazy = { journey: 60_000, report: 45_000, chart: 45_000, dock: 25_000, settings: 60_000 };
for (const [name, budget] of Object.entries(lazy)) {
  const chunks = files.filter((file) => file.startsWith(`${name}-`) && file.endsWith(".js") && !first.has(`assets/${file}`));
  budgets.push([`${name} chunk`, sum(chunks.map((file) => `assets/${file}`)), budget]);
}
let total = 0;
for (const name of readdirSync(dist, { recursive: true })) {
  const path = join(dist, name);
  if (statSync(path).isFile()) total += statSync(path).size;
}
budgets.push(["whole dist with .br and .gz", total, 3_000_000]);

let failed = 0;
for (const [name, size, budget] of budgets) {
  const ok = size <= budget;
  if (!ok) failed++;
  process.stdout.write(`${ok ? "ok  " : "OVER"} ${kB(size).padStart(10)} of ${kB(budget).padStart(10)}  ${name}\n`);
}
process.stdout.write(`${budgets.length - failed} passed, ${failed} failed\n`);
process.exit(failed ? 1 : 0);
