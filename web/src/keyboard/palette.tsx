import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from "react";
import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { CornerDownLeft, Search } from "lucide-react";
import { itemsOf, queries } from "../api/queries";
import { Avatar } from "../design/avatar";
import { cx } from "../design/cx";
import { Kbd } from "../design/kbd";
import { catalogue } from "../i18n/i18n";
import { hideChecklist } from "../shell/checklist";
import { prefer, preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { available, runCommand } from "./keyboard";
import { commands, keysOf, label } from "./table";

const t = catalogue("palette", {
  title: "Command palette",
  placeholder: "Do something, or find a customer",
  commands: "Commands",
  people: "Customers",
  settings: "Settings",
  none: "Nothing found",
  results: { one: "{n} result", other: "{n} results" },
  checklist: "Show first steps again",
  light: "Light theme",
  dark: "Dark theme",
  system: "Theme of the system",
  team: "Team and roles",
  channels: "Channels and numbers",
  keys: "API keys",
  compliance: "Compliance, quiet hours, opt-out words",
  brand: "Brand and messages",
  shop: "Shop and events",
  audit: "Audit log",
  keyboard: "Keyboard and appearance",
});

interface Entry {
  id: string;
  group: "commands" | "people" | "settings";
  title: string;
  /** Words that also find it. */
  words: string;
  keys?: string;
  icon?: ReactNode;
  run: () => void;
}

/** Settings by the words that people use for them. */
const sections: [string, Parameters<typeof t>[0], string][] = [
  ["team", "team", "members roles invite limits discount colleague user permission"],
  ["channels", "channels", "number twilio vonage smpp sms provider sender webhook"],
  ["keys", "keys", "api token developer secret"],
  ["compliance", "compliance", "stop word opt out unsubscribe quiet hours frequency law consent"],
  ["brand", "brand", "name undo seconds support contact terms cart delay link domain"],
  ["shop", "shop", "shopify webhook events woocommerce store"],
  ["audit", "audit", "log history who changed"],
  ["keyboard", "keyboard", "shortcuts letters density dark compact enter"],
];

/** How well a title fits what was typed: all words must be in it, those at its start count more. */
export function score(entry: Pick<Entry, "title" | "words">, query: string): number {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const title = entry.title.toLowerCase();
  let sum = 0;
  for (const word of wanted) {
    if (title.startsWith(word)) sum += 4;
    else if (title.includes(` ${word}`)) sum += 3;
    else if (title.includes(word)) sum += 2;
    else if (entry.words.includes(word)) sum += 1;
    else return 0;
  }
  return sum || 1;
}

function useEntries(query: string): Entry[] {
  const navigate = useNavigate();
  const live = useStore(available);
  const { keys } = useStore(preferences);
  const people = itemsOf(useQuery({ ...queries.people(query.trim()), enabled: query.trim().length > 1 }).data).slice(0, 6);
  return useMemo(() => {
    const doing: Entry[] = commands
      .filter((command) => !command.native && command.id !== "palette" && command.scope !== "composer" && live.includes(command.id))
      .map((command) => ({
        id: command.id,
        group: "commands",
        title: label(command.label),
        words: "",
        keys: keysOf(command.id, keys),
        run: () => void runCommand(command.id),
      }));
    const extra: Entry[] = (["light", "dark", "system"] as const).map((theme) => ({
      id: `theme.${theme}`,
      group: "commands",
      title: t(theme),
      words: "appearance mode",
      run: () => prefer({ theme }),
    }));
    extra.push({ id: "checklist", group: "commands", title: t("checklist"), words: "onboarding start", run: () => void hideChecklist(false) });
    const places: Entry[] = sections.map(([section, title, words]) => ({
      id: `settings.${section}`,
      group: "settings",
      title: t(title),
      words,
      run: () => void navigate({ to: "/settings/$section", params: { section } }),
    }));
    const found = [...doing, ...extra, ...places]
      .map((entry) => ({ entry, fit: score(entry, query) }))
      .filter(({ fit }) => fit > 0)
      .toSorted((a, b) => (query ? b.fit - a.fit : 0))
      .map(({ entry }) => entry);
    const persons: Entry[] = people.map((person) => ({
      id: person.id,
      group: "people",
      title: person.name || person.identities?.[0]?.value || person.id,
      words: person.identities?.map((identity) => identity.value).join(" ") ?? "",
      icon: <Avatar voice="customer" name={person.name} size={22} />,
      run: () => void navigate({ to: "/c/$person", params: { person: person.id } }),
    }));
    return [...persons, ...(query ? found.slice(0, 30) : found.filter((entry) => entry.group === "commands"))];
  }, [live, keys, people, query, navigate]);
}

/** Everything that can be done here, by name; each row prints its shortcut, which is how shortcuts are learned. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries(query);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const chosen = entries[Math.min(at, entries.length - 1)];

  useEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => setAt(0), [query]);
  useEffect(() => {
    if (chosen) document.getElementById(`${id}-${chosen.id}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, id]);

  const run = (entry: Entry) => {
    onClose();
    // The command acts on the screen behind, after the focus is back there.
    setTimeout(entry.run);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((n) => Math.min(entries.length - 1, n + 1));
    else if (event.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
    else if (event.key === "Enter" && chosen) run(chosen);
    else return;
    event.preventDefault();
  };

  let group = "";
  return (
    <dialog
      ref={dialog}
      aria-label={t("title")}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className="rise mx-auto mt-[12dvh] mb-auto w-[min(38rem,94vw)] overflow-hidden rounded-card border border-border bg-raised p-0 text-text shadow-pop"
    >
      <div className="flex items-center gap-2 border-b border-border px-4">
        <Search aria-hidden className="size-4 text-text-3" />
        <input
          role="combobox"
          aria-expanded
          aria-controls={id}
          aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
          aria-label={t("placeholder")}
          placeholder={t("placeholder")}
          value={query}
          autoFocus
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onKeyDown}
          className="min-h-12 flex-1 bg-transparent text-message outline-none placeholder:text-text-3"
        />
      </div>
      <p role="status" className="sr-only">
        {entries.length ? t("results", { n: entries.length }) : t("none")}
      </p>
      <div role="listbox" id={id} aria-label={t("title")} className="scroll max-h-[50dvh] p-1.5">
        {entries.length === 0 && <p className="p-4 text-center text-text-2">{t("none")}</p>}
        {entries.map((entry) => {
          const head = entry.group !== group;
          group = entry.group;
          return (
            <div key={entry.id} role="presentation">
              {head && <p className="px-2.5 pt-2 pb-1 text-meta font-semibold text-text-3">{t(entry.group)}</p>}
              <div
                id={`${id}-${entry.id}`}
                role="option"
                aria-selected={entry === chosen}
                onPointerMove={() => setAt(entries.indexOf(entry))}
                onClick={() => run(entry)}
                className={cx("flex min-h-9 cursor-pointer items-center gap-2.5 rounded-control px-2.5", entry === chosen && "bg-accent-soft text-accent-text")}
              >
                {entry.icon}
                <span className="min-w-0 flex-1 truncate">{entry.title}</span>
                {entry.keys ? <Kbd keys={entry.keys} /> : entry === chosen && <CornerDownLeft aria-hidden className="size-3.5" />}
              </div>
            </div>
          );
        })}
      </div>
    </dialog>
  );
}
