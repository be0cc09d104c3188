#!/usr/bin/env bash
# Prints docs/errors.md: the stable codes that the API and the program answer with, read from the code.
#   scripts/errors.sh > docs/errors.md
set -euo pipefail
cd "$(dirname "$0")/.."
node - <<'JS'
const fs = require("fs"), path = require("path");
const files = [];
(function walk(dir) {
  for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
    const at = path.join(dir, e.name);
    if (e.isDirectory()) { if (e.name !== "testdata" && !e.name.endsWith("test")) walk(at); }
    else if (e.name.endsWith(".go") && !e.name.endsWith("_test.go")) files.push(at);
  }
})("internal");
files.sort();

const text = (s) => s.replace(/\\"/g, '"').replace(/\\\\/g, "\\").replace(/\\n/g, " ").replace(/%(\[\d\])?[-+#0-9.]*[a-zA-Z]/g, "…").replace(/\|/g, "\\|").replace(/^ /, "… ").replace(/ $/, " …");
const status = { Invalid: 422, Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409, TooMany: 429, Unavailable: 503, TooLarge: 413, Internal: 500 };
const pkg = (f) => path.dirname(f).replace(/^internal\//, "");

const mended = ["brand_missing", "opt_out_notice_missing"]; // dress.go writes them into the text
const errors = new Map(), gate = new Map(), failures = new Map();
const add = (map, code, row) => { if (!map.has(code)) map.set(code, row); };
for (const f of files) {
  const src = fs.readFileSync(f, "utf8");
  const string = String.raw`"((?:[^"\\]|\\.)*)"`;
  for (const m of src.matchAll(new RegExp(String.raw`errs\.(?:New\(|Wrap\([^"]{0,80}?,\s*)errs\.(\w+),\s*"([a-z0-9_]+)",\s*(?:${string})?`, "g")))
    add(errors, m[2], { code: m[2], status: status[m[1]], pkg: pkg(f), text: text(m[3] || "") });
  for (const m of src.matchAll(new RegExp(String.raw`newProblem\(http\.Status(\w+), "([a-z0-9_]+)",\s*${string}`, "g"))) {
    const known = { ServiceUnavailable: 503, InternalServerError: 500, MethodNotAllowed: 405, Conflict: 409, NotFound: 404 };
    add(errors, m[2], { code: m[2], status: known[m[1]] || m[1], pkg: pkg(f), text: text(m[3]) });
  }
  for (const m of src.matchAll(/http\.Status(BadRequest|UnsupportedMediaType|UnprocessableEntity):\s+"([a-z_]+)"/g))
    add(errors, m[2], { code: m[2], status: { BadRequest: 400, UnsupportedMediaType: 415, UnprocessableEntity: 422 }[m[1]], pkg: pkg(f), text: "The input does not fit. Nothing was done; see errors." });
  const gateFile = f.startsWith("internal/conversation/gate") || f.startsWith("internal/compliance/");
  if (gateFile) {
    for (const m of src.matchAll(new RegExp(String.raw`\b(?:drop|refused|block)\("([a-z0-9_]+)"(?:,[^"()]*?${string})?([^\n]*\n[^\n]*RetryAt =)?`, "g")))
      add(gate, m[1], { code: m[1], does: m[3] ? "waits" : mended.includes(m[1]) ? "added by the gate" : "dropped", text: text(m[2] || "") });
    for (const m of src.matchAll(new RegExp(String.raw`(?:hold\([^"]*|return |Finding\{)"([a-z0-9_]+_[a-z0-9_]+)",(?:[^"\n]*\s*${string})?`, "g")))
      add(gate, m[1], { code: m[1], does: m[0].startsWith("hold") || m[1] === "quiet_hours" ? "waits" : mended.includes(m[1]) ? "added by the gate" : "dropped", text: text(m[2] || "") });
  }
  for (const m of src.matchAll(new RegExp(String.raw`o\.Code, o\.Text = "([a-z_]+)", ${string}`, "g")))
    add(gate, m[1], { code: m[1], does: "dropped", text: text(m[2]) });
  for (const m of src.matchAll(new RegExp(String.raw`Reason = "([a-z_]+)"|r\.Reason, r\.Text = "([a-z_]+)", ${string}`, "g")))
    if (f.endsWith("people/reading.go")) add(gate, m[1] || m[2], { code: m[1] || m[2], does: "dropped, by consent", text: text(m[3] || "") });
  for (const m of src.matchAll(/Failure\{Policy: channel\.(\w+), Code: "([a-z_]+)"/g))
    add(failures, m[2], { code: m[2], does: { Never: "fails", Later: "tried again", Unknown: "outcome unknown", Stop: "the channel stops" }[m[1]] || m[1], pkg: pkg(f) });
}
for (const row of Object.values(JSON.parse(fs.readFileSync("internal/channel/smpp/errors.json", "utf8"))))
  add(failures, row.code, { code: row.code, does: { never: "fails", later: "tried again", unknown: "outcome unknown", stop: "the channel stops" }[row.policy] || row.policy, pkg: "channel/smpp" });

const sorted = (map) => [...map.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
const table = (head, rows) => [`| ${head.join(" | ")} |`, `| ${head.map(() => "---").join(" | ")} |`, ...rows.map((r) => `| ${r.join(" | ")} |`)];
console.log([
  "# Codes", "",
  "Written by `scripts/errors.sh`; do not edit. Codes are stable: a program may branch on them. Texts may change. … stands for a value.", "",
  "## Errors", "",
  "A failed request answers `application/problem+json` with `status`, `code`, `detail` and, for input, `errors` by field. The same codes",
  "stand before the message when the program cannot start. An `internal` answer carries a `reference` that finds it in the log.", "",
  ...table(["code", "status", "package", "what it says"], sorted(errors).map((e) => [`\`${e.code}\``, e.status, e.pkg, e.text])), "",
  "## Why a message waits or does not leave", "",
  "The send gate's answer stands on the message (`why.code`, `reason.code`) and on the trail of a journey. A code",
  "*by consent* is the ledger's answer; on a reply by a member of the team the same codes answer the request as a 409.", "",
  ...table(["code", "effect", "what it says"], sorted(gate).map((g) => [`\`${g.code}\``, g.does, g.text])), "",
  "## What a provider's answer becomes", "",
  "An adapter sorts every refusal and silence into one of four policies.", "",
  ...table(["code", "effect", "first used by"], sorted(failures).map((g) => [`\`${g.code}\``, g.does, g.pkg])),
].join("\n"));
JS
