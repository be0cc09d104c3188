const apple = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

const names: Record<string, string> = {
  mod: apple ? "⌘" : "Ctrl",
  shift: apple ? "⇧" : "Shift",
  enter: apple ? "↩" : "Enter",
  escape: "Esc",
  home: "Home",
  end: "End",
  pageup: "PgUp",
  pagedown: "PgDn",
};

/** How a shortcut of the table is written for people: "mod+enter" as ⌘↩ or Ctrl+Enter. */
export function keyText(keys: string): string {
  return keys
    .split(" ")
    .map((chord) =>
      chord
        .split("+")
        .map((key) => names[key] ?? (key.length === 1 && chord.includes("+") ? key.toUpperCase() : key))
        .join(apple ? "" : "+"),
    )
    .join(" ");
}

export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-0.5">
      {keys.split(" ").map((chord, i) => (
        <kbd
          key={i}
          className="inline-grid h-[1.125rem] min-w-[1.125rem] place-items-center rounded-field border border-border bg-sunken px-1 font-sans text-meta text-text-2"
        >
          {keyText(chord)}
        </kbd>
      ))}
    </span>
  );
}
