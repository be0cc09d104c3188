import { useState, type KeyboardEvent } from "react";
import { Button } from "../design/button";
import { Check, Segmented } from "../design/form";
import { Kbd, keyText } from "../design/kbd";
import { Card } from "../design/page";
import { chordOf } from "../keyboard/chord";
import { commands, keysOf, label, type Command } from "../keyboard/table";
import { prefer, preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { t } from "./text";

/** One shortcut that can be replaced by pressing another. */
function Shortcut({ command }: { command: Command }) {
  const { keys } = useStore(preferences);
  const [listening, setListening] = useState(false);
  const [taken, setTaken] = useState("");
  const name = label(command.label);
  const set = (chord: string | undefined) => {
    const rest = Object.fromEntries(Object.entries(keys).filter(([id]) => id !== command.id));
    prefer({ keys: chord && chord !== command.keys ? { ...rest, [command.id]: chord } : rest });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!listening || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return setListening(false);
    if (event.key === "Backspace") {
      set(undefined);
      return setListening(false);
    }
    const { key, code, ctrlKey, metaKey, altKey, shiftKey, repeat } = event;
    const chord = chordOf({ key, code, ctrlKey, metaKey, altKey, shiftKey, repeat, isComposing: event.nativeEvent.isComposing, altGraph: event.getModifierState("AltGraph"), editable: false });
    if (!chord || ["shift", "control", "meta", "mod+control", "mod+meta", "shift+shift"].includes(chord)) return;
    const other = commands.find((each) => each.id !== command.id && keysOf(each.id, keys).split(" ")[0] === chord);
    if (other) return setTaken(t("taken", { keys: keyText(chord), name: label(other.label) }));
    set(chord);
    setTaken("");
    setListening(false);
  };
  return (
    <div className="flex min-h-9 items-center justify-between gap-3 border-b border-border py-1 break-inside-avoid">
      <span className="min-w-0">
        {name}
        {taken && (
          <span role="alert" className="block text-caption text-danger">
            {taken}
          </span>
        )}
      </span>
      <Button small look="quiet" aria-label={t("change", { name, keys: listening ? t("pressKey") : keyText(keysOf(command.id, keys)) })} onClick={() => setListening(true)} onKeyDown={onKeyDown} onBlur={() => setListening(false)}>
        {listening ? t("pressKey") : <Kbd keys={keysOf(command.id, keys)} />}
      </Button>
    </div>
  );
}

export function LooksSection() {
  const now = useStore(preferences);
  return (
    <>
      <Card>
        <div className="space-y-4">
          <div className="flex flex-wrap items-center gap-3">
            <span className="w-24">{t("theme")}</span>
            <Segmented
              label={t("theme")}
              value={now.theme}
              onChange={(theme) => prefer({ theme })}
              options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(value) }))}
            />
          </div>
          <div className="flex flex-wrap items-center gap-3">
            <span className="w-24">{t("density")}</span>
            <Segmented
              label={t("density")}
              value={now.density}
              onChange={(density) => prefer({ density })}
              options={(["comfortable", "compact"] as const).map((value) => ({ value, label: t(value) }))}
            />
          </div>
          <Check label={t("letters")} help={t("lettersHelp")} checked={now.letters} onChange={(event) => prefer({ letters: event.target.checked })} />
          <Check label={t("enterSends")} help={t("enterSendsHelp")} checked={now.enterSends} onChange={(event) => prefer({ enterSends: event.target.checked })} />
        </div>
      </Card>
      <Card title={t("shortcuts")}>
        <p className="pb-2 text-caption text-text-3">{t("remap")}</p>
        <div className="columns-1 gap-8 md:columns-2">
          {commands
            .filter((command) => !command.native && !command.keys.includes(" "))
            .map((command) => (
              <Shortcut key={command.id} command={command} />
            ))}
        </div>
      </Card>
    </>
  );
}
