/**
 * How many parts a text message takes and where it is cut, in the browser: the twin of internal/gsm.
 * internal/gsm/testdata/vectors.json is the judge of both.
 *
 * Facts: 3GPP TS 23.038 (alphabet) and TS 23.040 (a part of a longer text loses 6 octets to its header).
 */
import { accents, characters } from "./characters";

export type Encoding = "GSM-7" | "UCS-2";

/** Units (septets or UTF-16 units) in a text of one part and in each part of a longer one: a property of the route. */
export interface Limits {
  gsm_single: number;
  gsm_part: number;
  ucs2_single: number;
  ucs2_part: number;
}

/** A character that GSM-7 cannot write and that makes the whole text UCS-2. */
export interface Culprit {
  rune: number;
  /** Position in the string. */
  index: number;
  /** Its Unicode name, or U+XXXX. */
  name: string;
  /** What to write instead; "" together with safe means leave it out. */
  suggestion: string;
  /** No meaning is lost: plain() makes this change if it makes the text GSM-7. */
  safe: boolean;
}

/** What a text takes on the wire; 0 segments for an empty text. */
export interface Size {
  encoding: Encoding;
  units: number;
  segments: number;
  culprits: Culprit[];
}

/** One part of a text. */
export interface Part {
  text: string;
  units: number;
}

/** The usual header with an 8-bit reference. */
export const standard: Limits = { gsm_single: 160, gsm_part: 153, ucs2_single: 70, ucs2_part: 67 };
/** Toll-free numbers to the US and Canada, or 16-bit references. */
export const tollFree: Limits = { gsm_single: 160, gsm_part: 152, ucs2_single: 70, ucs2_part: 66 };

const defaultAlphabet =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const extension = "\f^{}\\[~]|€";
const widths: ReadonlyMap<string, number> = new Map([
  ...[...defaultAlphabet].map((c) => [c, 1] as const),
  ...[...extension].map((c) => [c, 2] as const),
]);
const known = new Map(characters.map(([code, name, plain, safe]) => [code, { name, plain, safe }]));

/** Letter and combining mark apart, and the letter of the alphabet they make. */
const composed: ReadonlyMap<string, string> = new Map([
  ["e\u0300", "è"], ["e\u0301", "é"], ["u\u0300", "ù"], ["i\u0300", "ì"], ["o\u0300", "ò"], ["C\u0327", "Ç"],
  ["A\u030a", "Å"], ["a\u030a", "å"], ["E\u0301", "É"], ["A\u0308", "Ä"], ["O\u0308", "Ö"], ["N\u0303", "Ñ"],
  ["U\u0308", "Ü"], ["a\u0308", "ä"], ["o\u0308", "ö"], ["n\u0303", "ñ"], ["u\u0308", "ü"], ["a\u0300", "à"],
]);

/** Septets of a character: 1, 2 with its escape, 0 when GSM-7 cannot write it. */
function septets(character: string): number {
  return widths.get(character) ?? 0;
}

/** Whether GSM-7 can write the whole text. */
export function writable(text: string): boolean {
  for (const c of text) if (septets(c) === 0) return false;
  return true;
}

/** The size of a text, with the characters that keep it from being GSM-7, in their order. */
export function count(text: string, limits: Limits = standard): Size {
  const found = culprits(text);
  const parts = split(text, limits);
  return {
    encoding: found.length === 0 ? "GSM-7" : "UCS-2",
    units: parts.reduce((sum, part) => sum + part.units, 0),
    segments: parts.length,
    culprits: found,
  };
}

/** Cuts a text into its parts, never inside an escape pair or a surrogate pair; none for an empty text. */
export function split(text: string, limits: Limits = standard): Part[] {
  const gsm = writable(text);
  const width = gsm ? septets : (c: string) => c.length;
  const [single, capacity] = gsm ? [limits.gsm_single, limits.gsm_part] : [limits.ucs2_single, limits.ucs2_part];
  const total = gsm ? [...text].reduce((sum, c) => sum + width(c), 0) : text.length;
  if (text === "") return [];
  if (total <= single) return [{ text, units: total }];
  const parts: Part[] = [];
  let part: Part = { text: "", units: 0 };
  for (const c of text) {
    const w = width(c);
    if (part.units + w > capacity) {
      parts.push(part);
      part = { text: "", units: 0 };
    }
    part.text += c;
    part.units += w;
  }
  return [...parts, part];
}

/**
 * Replaces the characters that nobody typed on purpose by what GSM-7 has, and joins accents pasted apart from their
 * letter. When the text would stay UCS-2 all the same, it comes back as it was.
 */
export function plain(text: string): string {
  const all = [...text];
  let result = "";
  for (let i = 0; i < all.length; i++) {
    let c = all[i] ?? "";
    const whole = composed.get(c + (all[i + 1] ?? ""));
    if (whole !== undefined) {
      c = whole;
      i++;
    }
    if (septets(c) > 0) {
      result += c;
      continue;
    }
    const instead = accidental(c.codePointAt(0) ?? 0);
    if (instead === undefined) return text;
    result += instead;
  }
  return result;
}

/** What stands for a character that carries no meaning of its own; undefined for all others. */
function accidental(code: number): string | undefined {
  if (code === 0x7f || (code < 0x20 && code !== 0x09) || selector(code)) return "";
  const entry = known.get(code);
  return entry?.safe ? entry.plain : undefined;
}

/** Variation selectors choose between the looks of the character before them. */
function selector(code: number): boolean {
  return code >= 0xfe00 && code <= 0xfe0f;
}

function culprits(text: string): Culprit[] {
  const found: Culprit[] = [];
  let index = 0;
  let before = "";
  for (const c of text) {
    if (septets(c) === 0) found.push(describe(before, c, index));
    index += c.length;
    before = c;
  }
  return found;
}

function describe(before: string, c: string, index: number): Culprit {
  const rune = c.codePointAt(0) ?? 0;
  const instead = accidental(rune);
  const culprit: Culprit = { rune, index, name: "", suggestion: instead ?? "", safe: instead !== undefined };
  const entry = known.get(rune);
  if (entry) {
    culprit.name = entry.name;
    culprit.suggestion = entry.plain;
  } else if (selector(rune)) {
    culprit.name = `VARIATION SELECTOR-${rune - 0xfe00 + 1}`;
  } else {
    Object.assign(culprit, letter(c, rune));
  }
  const whole = composed.get(before + c);
  return whole === undefined ? culprit : { ...culprit, suggestion: whole, safe: true };
}

/** Names an accented Latin letter and suggests the bare one; anything else is named by its code point. */
function letter(c: string, rune: number): { name: string; suggestion: string } {
  for (const [mark, letters] of accents) {
    const at = letters.indexOf(c);
    if (at < 0) continue;
    const bare = letters.charAt(at - 1);
    const size = bare <= "Z" ? "CAPITAL" : "SMALL";
    return { name: `LATIN ${size} LETTER ${bare.toUpperCase()} WITH ${mark}`, suggestion: bare };
  }
  return { name: `U+${rune.toString(16).toUpperCase().padStart(4, "0")}`, suggestion: "" };
}
