// Rules that no linter knows: raw colours only in the token file, physical sides nowhere, files short enough to read.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const src = new URL("../src/", import.meta.url).pathname;
const problems = [];
const rules = [
  { pattern: /#[0-9a-fA-F]{3,8}\b(?![\w-])/, why: "raw colour outside design/tokens.css", skip: /design\/tokens\.css$|\.test\.tsx?$/ },
  { pattern: /\b(?:rgb|hsl|oklch)a?\(/, why: "raw colour outside design/tokens.css", skip: /design\/tokens\.css$/ },
  { pattern: /(?:^|[\s"'`:])-?(?:ml|mr|pl|pr|left|right|rounded-l|rounded-r|border-l|border-r|text-left|text-right)-[\w[(]/, why: "physical side; use the logical one (ms, me, ps, pe, start, end)", skip: /\.css$|\.test\.tsx?$/ },
  { pattern: /dangerouslySetInnerHTML|\.innerHTML\s*=|\beval\(/, why: "unsafe or forbidden by the content security policy", skip: /\.test\.tsx?$/ },
  { pattern: /\b(?:TODO|FIXME|XXX)\b/, why: "unfinished work", skip: /^$/ },
  { pattern: /https?:\/\/(?!www\.w3\.org)[\w.-]+\.\w+/, why: "address of another host", skip: /\.test\.tsx?$|text\.ts$/ },
];

for (const name of readdirSync(src, { recursive: true })) {
  if (!/\.(tsx?|css)$/.test(name) || name.endsWith("schema.d.ts")) continue;
  const lines = readFileSync(join(src, name), "utf8").split("\n");
  const limit = name.includes(".test.") ? 800 : 600;
  if (lines.length > limit) problems.push(`${name}: ${lines.length} lines, limit ${limit}`);
  lines.forEach((line, i) => {
    for (const rule of rules) {
      if (!rule.skip.test(name) && rule.pattern.test(line)) problems.push(`${name}:${i + 1}: ${rule.why}: ${line.trim()}`);
    }
  });
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`lint: ${problems.length} problems\n`);
process.exit(problems.length ? 1 : 0);
