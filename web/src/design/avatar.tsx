import { Zap, Settings } from "lucide-react";
import { cx } from "./cx";

export type Voice = "customer" | "agent" | "bot" | "campaign";

export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => (word ? ([...word][0] ?? "") : ""));
  return letters.join("").toUpperCase();
}

/** Each voice has its own shape: circle, rounded square, hexagon, diamond. */
export function Avatar({ voice, name, size = 28, className }: { voice: Voice; name: string; size?: number; className?: string }) {
  const glyph = Math.round(size * 0.5);
  return (
    <span
      aria-hidden
      // A picture made of letters: drawn by the style sheet, so that it is no text of the control around it.
      data-initials={voice === "customer" || voice === "agent" ? initials(name) || "#" : undefined}
      className={cx("avatar", `avatar-${voice}`, className)}
      style={{ width: size, height: size, fontSize: Math.max(9, Math.round(size * 0.39)) }}
    >
      {voice === "bot" && <Settings style={{ width: glyph, height: glyph }} />}
      {voice === "campaign" && <Zap style={{ width: glyph * 0.85, height: glyph * 0.85 }} />}
    </span>
  );
}
