// Accessibility by axe, WCAG 2.2 AA. The source is evaluated, because the content security policy forbids a script tag.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The violations of a page, one line for each place. */
export async function axe(page, { exclude = [] } = {}) {
  await page.evaluate(source);
  const result = await page.evaluate(
    ({ only, without }) => globalThis.axe.run({ exclude: without }, { runOnly: { type: "tag", values: only }, resultTypes: ["violations"] }),
    { only: tags, without: exclude },
  );
  return result.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim() ?? ""}`));
}
