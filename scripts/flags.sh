#!/usr/bin/env bash
# Puts the table of flags, read from internal/config/config.go and cmd/parley/serve.go, between the markers of docs/operations.md.
# With --check it changes nothing and fails when the table is stale.
set -euo pipefail
cd "$(dirname "$0")/.."
node - "${1:-}" <<'JS'
const fs = require("fs");
const doc = "docs/operations.md", [begin, end] = ["<!-- flags: scripts/flags.sh -->", "<!-- end of flags -->"];
const kebab = (s) => s.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
const rows = ["| flag | environment | default | meaning |", "| --- | --- | --- | --- |"];
for (const line of ["internal/config/config.go", "cmd/parley/serve.go"].flatMap((file) => fs.readFileSync(file, "utf8").split("\n"))) {
  const m = line.match(/^\t(\w+)\s+\S+\s+`(.*help:".*)`/);
  if (!m) continue;
  const tag = (k) => (m[2].match(new RegExp(`\\b${k}:"([^"]*)"`)) || ["", ""])[1];
  const name = tag("name") || kebab(m[1]);
  rows.push(`| \`--${name}\` | \`PARLEY_${name.toUpperCase().replace(/-/g, "_")}\` | ${tag("default") ? "`" + tag("default") + "`" : ""} | ${tag("help")} |`);
}
const old = fs.readFileSync(doc, "utf8");
const [head, rest] = old.split(begin), tail = rest.split(end)[1];
const now = `${head}${begin}\n${rows.join("\n")}\n${end}${tail}`;
if (process.argv[2] === "--check") { if (now !== old) { console.error(`${doc} is stale: run scripts/flags.sh`); process.exit(1); } }
else fs.writeFileSync(doc, now);
JS
