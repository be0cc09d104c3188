/** Texts of the interface: one catalogue per domain, English first, loaded with the screen that needs it. */

export type Plural = { one: string; other: string };
export type Entry = string | Plural;
export type Vars = Record<string, string | number>;

export interface Language {
  tag: string;
  direction: "ltr" | "rtl";
  /** By "domain.key"; what is missing falls back to English. */
  texts: Record<string, Entry>;
}

export const english: Language = { tag: "en", direction: "ltr", texts: {} };

const active: { language: Language } = { language: english };

export function setLanguage(language: Language): void {
  active.language = language;
  document.documentElement.lang = language.tag;
  document.documentElement.dir = language.direction;
}

/** The tag that dates, numbers and money are written in: the reader's own region when the language is the same. */
export function locale(): string {
  const own = typeof navigator === "undefined" ? "" : navigator.language;
  return own.split("-")[0] === active.language.tag ? own : active.language.tag;
}

export function fill(text: string, vars: Vars = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in vars ? String(vars[name]) : whole));
}

function choose(entry: Entry, vars: Vars, tag: string): string {
  if (typeof entry === "string") return entry;
  return new Intl.PluralRules(tag).select(Number(vars.n ?? 0)) === "one" ? entry.one : entry.other;
}

/** Makes the t of one domain. A plural entry is chosen by the variable n. */
export function catalogue<T extends Record<string, Entry>>(domain: string, texts: T) {
  return (key: keyof T & string, vars: Vars = {}): string => {
    const { language } = active;
    const entry = language.texts[`${domain}.${key}`] ?? texts[key] ?? key;
    return fill(choose(entry, vars, language.tag), vars);
  };
}
