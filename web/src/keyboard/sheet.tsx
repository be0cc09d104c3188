import { catalogue } from "../i18n/i18n";
import { Dialog } from "../design/dialog";
import { Kbd } from "../design/kbd";
import { preferences } from "../state/preferences";
import { useStore } from "../state/store";
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
export function KeyboardSheet({ onClose }: { onClose: () => void }) {
  const { letters, keys } = useStore(preferences);
  return (
    <Dialog open title={t("title")} onClose={onClose} wide>
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
