import { useState } from "react";
import { catalogue } from "../i18n/i18n";
import { Dialog } from "../design/dialog";
import { Kbd } from "../design/kbd";
import { preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { useCommand } from "./keyboard";
import { commands, keysOf, label, type Scope } from "./table";

const t = catalogue("sheet", {
  title: "Keyboard shortcuts",
  global: "Everywhere",
  list: "Conversations",
  thread: "In a conversation",
  composer: "While writing",
  off: "Single letters are switched off in Settings, Keyboard.",
});

const scopes: Scope[] = ["global", "list", "thread", "composer"];

/** The table on a sheet, opened by "?". */
export function KeyboardSheet() {
  const [open, setOpen] = useState(false);
  const { letters, keys } = useStore(preferences);
  useCommand("help", () => setOpen(true));
  return (
    <Dialog open={open} title={t("title")} onClose={() => setOpen(false)} wide>
      {!letters && <p className="mb-3 rounded-field bg-warn-soft p-2">{t("off")}</p>}
      <div className="columns-1 gap-8 sm:columns-2">
        {scopes.map((scope) => (
          <section key={scope} className="mb-5 break-inside-avoid">
            <h3 className="mb-1 text-caption font-semibold text-text-3">{t(scope)}</h3>
            <dl>
              {commands
                .filter((command) => command.scope === scope)
                .map((command) => (
                  <div key={command.id} className="flex items-center justify-between gap-4 border-b border-border py-1">
                    <dt>{label(command.label)}</dt>
                    <dd>
                      <Kbd keys={keysOf(command.id, keys)} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
