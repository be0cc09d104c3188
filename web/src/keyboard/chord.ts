import { commands, type Command } from "./table";

/** The parts of a keyboard event that decide. */
export interface Stroke {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
  repeat: boolean;
  altGraph: boolean;
  /** The focus is in a place for text. */
  editable: boolean;
}

const punctuation: Record<string, string> = {
  BracketLeft: "[",
  BracketRight: "]",
  Slash: "/",
  Comma: ",",
};

/** What a non-Latin layout prints on a key, read from the key's place. */
function byPlace(code: string): string {
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  return punctuation[code] ?? "";
}

function isForeign(key: string): boolean {
  return /\p{L}/u.test(key) && !/\p{Script=Latin}/u.test(key);
}

/** The chord as the table writes it, or "" when the stroke is no command: text being composed, or any Alt. */
export function chordOf(stroke: Stroke): string {
  if (stroke.isComposing || stroke.altKey || stroke.altGraph) return "";
  const printable = [...stroke.key].length === 1;
  const mod = stroke.ctrlKey || stroke.metaKey;
  let key = stroke.key.toLowerCase();
  if (printable && isForeign(stroke.key)) key = byPlace(stroke.code);
  if (!key || (stroke.ctrlKey && stroke.metaKey)) return "";
  // A capital is not the bare letter; signs like ? need Shift on some layouts and are matched by what they print.
  const letter = /^\p{L}$/u.test(key);
  if (printable && letter && stroke.shiftKey && !mod) return "";
  return (mod ? "mod+" : "") + (stroke.shiftKey && (!printable || letter) ? "shift+" : "") + key;
}

export interface Rules {
  letters: boolean;
  keys: Record<string, string>;
}

export interface Matcher {
  /** The commands that this stroke completes, most specific scope last; null while a sequence waits for its second key. */
  match(stroke: Stroke, now: number): Command[] | null;
}

const patience = 1200;

/** Follows strokes, because "g i" takes two. */
export function createMatcher(rules: () => Rules): Matcher {
  let before = "";
  let since = 0;
  return {
    match(stroke, now) {
      const chord = chordOf(stroke);
      const prefix = now - since < patience ? before : "";
      before = "";
      if (!chord) return [];
      const { letters, keys } = rules();
      const bare = !chord.startsWith("mod+") && [...stroke.key].length === 1;
      if (bare && (!letters || stroke.editable)) return [];
      const live = commands.filter(
        (command) =>
          !command.native && (!stroke.editable || command.inText) && (!stroke.repeat || command.repeat),
      );
      const typed = prefix ? `${prefix} ${chord}` : chord;
      const found = live.filter((command) => (keys[command.id] ?? command.keys) === typed);
      if (found.length > 0 || prefix) return found;
      if (live.some((command) => (keys[command.id] ?? command.keys).startsWith(`${chord} `))) {
        before = chord;
        since = now;
        return null;
      }
      return [];
    },
  };
}
