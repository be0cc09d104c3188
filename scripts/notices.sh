#!/usr/bin/env bash
# Writes docs/third-party.md: what others made and the program contains, with licences and their texts. It reads the Go
# modules that are linked into the binary, the npm packages of the web app, and the font; it needs both installed.
set -euo pipefail
cd "$(dirname "$0")/.."

# For each platform we build for, because some modules are linked on one only.
modules() {
  for os in linux darwin windows; do
    GOOS=$os GOARCH=amd64 CGO_ENABLED=0 go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}|{{.Version}}|{{.Dir}}{{end}}{{end}}' ./cmd/parley
  done | sort -u
}

MODULES=$(modules) GOROOT_DIR=$(go env GOROOT) GO_LINE=$(grep '^go ' go.mod) node - > docs/third-party.md <<'JS'
const fs = require("fs"), path = require("path");
const licenceFile = /^(licen[cs]e|copying|copyright|notice|unlicense|authors\.md$)/i;
const read = (dir) => fs.readdirSync(dir).filter((f) => licenceFile.test(f) && !/\.go$/.test(f) && fs.statSync(path.join(dir, f)).isFile())
  .sort().map((f) => ({ file: f, text: fs.readFileSync(path.join(dir, f), "utf8").replace(/\r/g, "").replace(/[ \t]+$/gm, "").trim() }));
const kind = (text) =>
  /Apache License\s+Version 2\.0/.test(text) ? "Apache-2.0"
  : /SIL OPEN FONT LICENSE/i.test(text) ? "OFL-1.1"
  : /Mozilla Public License/i.test(text) ? "MPL-2.0"
  : /public domain/i.test(text) && /unlicense/i.test(text) ? "Unlicense"
  : /Permission is hereby granted, free of charge/.test(text) ? "MIT"
  : /Permission to use, copy, modify, and\/?(or)? distribute/.test(text) ? "ISC"
  : /Neither the names?[\s\S]{0,160}nor the names?/.test(text) && /Redistributions? (of|in)/.test(text) ? "BSD-3-Clause"
  : /Redistributions? (of|in)/.test(text) ? "BSD-2-Clause" : "";
const holders = (texts) => [...new Set(texts.flatMap((t) => (t.text.match(/^.*Copyright( \(c\)| ©)? .*\d{4}.*$/gim) || [])
  .map((l) => l.replace(/^[\s#*/"]+/, "").replace(/\s+/g, " ").trim()).filter((l) => !/\[yyyy\]|holders shall|notice/.test(l))))].slice(0, 3);

const parts = process.env.MODULES.split("\n").filter(Boolean).map((line) => {
  const [name, version, dir] = line.split("|");
  return { group: "Go modules", name, version, texts: read(dir) };
});
parts.unshift({ group: "Go modules", name: "Go standard library and runtime", version: process.env.GO_LINE.replace("go ", ""), texts: read(process.env.GOROOT_DIR) });
const lock = JSON.parse(fs.readFileSync("web/package-lock.json", "utf8"));
for (const [dir, p] of Object.entries(lock.packages)) {
  const name = dir.replace(/^.*node_modules\//, "");
  // Types leave nothing in the app; the style sheet of a build tool does.
  if (!dir || name.startsWith("@types/") || name === "csstype" || (p.dev && name !== "tailwindcss")) continue;
  parts.push({ group: "npm packages in the web app", name, version: p.version, licence: p.license, texts: read(path.join("web", dir)) });
}
parts.push({ group: "Fonts", name: "Inter", version: "", texts: read("web/src/design/fonts").concat(
  [{ file: "OFL.txt", text: fs.readFileSync("web/src/design/fonts/OFL.txt", "utf8").replace(/\r/g, "").trim() }]) });

const apache = fs.readFileSync("LICENSE", "utf8").split("APPENDIX")[0].replace(/\s+/g, " ").trim();
const isApache = (t) => t.replace(/\s+/g, " ").trim().startsWith(apache.slice(0, 4000));
const out = ["# Third-party notices", "",
  "Written by `scripts/notices.sh`; do not edit. It names what others made and the `parley` binary contains, web app included.", ""];
for (const group of [...new Set(parts.map((p) => p.group))]) {
  out.push(`## ${group}`, "", "| name | version | licence | copyright |", "| --- | --- | --- | --- |");
  for (const p of parts.filter((p) => p.group === group)) {
    const named = p.texts.map((t) => kind(t.text)).filter(Boolean);
    const licence = p.licence || [...new Set(named)].join(", ");
    if (!licence || (!p.texts.length && !p.licence)) { console.error(`no licence found for ${p.name}`); process.exitCode = 1; }
    out.push(`| ${p.name} | ${p.version} | ${licence} | ${holders(p.texts).join("; ").replace(/\|/g, "/") || "see its licence"} |`);
  }
  out.push("");
}
out.push("## Texts", "", "The text of Apache-2.0 is in [LICENSE](../LICENSE). Every other text stands here once, under the names of what it covers.", "");
const byText = new Map();
for (const p of parts) for (const t of p.texts) if (!isApache(t.text)) byText.set(t.text, [...(byText.get(t.text) || []), `${p.name} (${t.file})`]);
for (const [text, names] of byText) out.push(`### ${[...new Set(names)].join(", ")}`, "", "```text", text.replace(/```/g, "'''"), "```", "");
console.log(out.join("\n").trimEnd());
JS
