import { useState, type KeyboardEvent } from "react";
import { MoonStar, Pencil, Sun } from "lucide-react";
import { call } from "../api/client";
import { queries, queryClient } from "../api/queries";
import type { Person } from "../api/types";
import { Avatar } from "../design/avatar";
import { Chip } from "../design/status";
import { cx } from "../design/cx";
import { locale } from "../i18n/i18n";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { useNow } from "../state/clock";
import { formatMoney } from "../text/money";
import { clockTime, instant, shortDate } from "../text/time";
import { when } from "./sections";
import { t } from "./text";

export function mainNumber(person: Person): string {
  return person.identities?.find((identity) => identity.kind === "phone")?.value ?? "";
}

async function patch(person: Person, change: object): Promise<boolean> {
  const body = { ...change, version: person.version };
  const result = await call<Person>("PATCH", `/people/${encodeURIComponent(person.id)}`, { body });
  if (!result.ok) {
    notify(t("saveFailed", { detail: result.problem.detail }), { tone: "danger" });
    return false;
  }
  if (result.data?.id) queryClient.setQueryData(queries.person(person.id).queryKey, result.data);
  else await queryClient.invalidateQueries({ queryKey: ["person", person.id] });
  return true;
}

/** A value that can be changed where it stands: Enter saves, Escape reverts. */
function Editable({ label, value, onSave, className }: { label: string; value: string; onSave: (value: string) => Promise<boolean>; className?: string }) {
  const [text, setText] = useState<string>();
  const me = useMe();
  if (text === undefined)
    return (
      <button
        type="button"
        disabled={!allowed(me, "person.write")}
        title={t("edit", { field: label })}
        onClick={() => setText(value)}
        className={cx("group inline-flex min-h-6 max-w-full items-center gap-1 rounded-field text-start", className)}
      >
        <bdi className="truncate">{value || "–"}</bdi>
        <Pencil aria-label={t("edit", { field: label })} className="size-3 shrink-0 text-text-3 opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100" />
      </button>
    );
  const onKeyDown = async (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      setText(undefined);
    }
    if (event.key === "Enter" && (text === value || (await onSave(text.trim())))) setText(undefined);
  };
  return (
    <input
      autoFocus
      aria-label={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => void onKeyDown(event)}
      onBlur={() => setText(undefined)}
      className={cx("field !min-h-7 !px-1.5 !py-0", className)}
    />
  );
}

/** Who it is, and whether it is a time to write to them. */
export function Identity({ person, large }: { person: Person; large?: boolean }) {
  const now = useNow();
  const Quiet = person.quiet.open ? Sun : MoonStar;
  const number = mainNumber(person);
  const lastOrder = instant(person.last_order_at);
  return (
    <div className="space-y-3">
      <div className="flex items-center gap-3">
        <Avatar voice="customer" name={person.name} size={large ? 56 : 44} />
        <div className="min-w-0 flex-1">
          <Editable label={t("name")} value={person.name || number} onSave={(name) => patch(person, { name })} className={large ? "text-page font-semibold" : "text-section font-semibold"} />
          {number !== person.name && (
            <p className="truncate text-text-2">
              <bdi dir="ltr">{number}</bdi>
            </p>
          )}
        </div>
      </div>
      <p className={cx("flex items-center gap-1.5 rounded-control px-2 py-1.5 text-caption", person.quiet.open ? "bg-ok-soft text-ok" : "bg-warn-soft text-warn")}>
        <Quiet aria-hidden className="size-3.5 shrink-0" />
        <span>
          {person.quiet.text || (
            <>
              <b className="tabular font-semibold">{clockTime(now, person.timezone || undefined)}</b> {person.timezone.split("/").at(-1)?.replaceAll("_", " ")} · {t("mayWrite")}
            </>
          )}
        </span>
      </p>
      {(person.tags ?? []).length > 0 && (
        <ul aria-label={t("tags")} className="flex flex-wrap gap-1">
          {person.tags?.map((tag) => (
            <li key={tag}>
              <Chip>{tag}</Chip>
            </li>
          ))}
        </ul>
      )}
      <dl className="grid grid-cols-3 gap-2 text-center">
        {[
          [t("value"), formatMoney(person.value, true) || "–"],
          [t("orders"), String(person.orders)],
          [t("lastOrder"), lastOrder === undefined ? "–" : shortDate(lastOrder, now)],
        ].map(([label, value]) => (
          <div key={label} className="rounded-control bg-sunken px-1 py-1.5">
            <dd className="tabular truncate font-semibold">{value}</dd>
            <dt className="text-meta text-text-3">{label}</dt>
          </div>
        ))}
      </dl>
    </div>
  );
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** What else is known: addresses with where they came from, place, attributes. */
export function Details({ person }: { person: Person }) {
  const lines: [string, React.ReactNode][] = [
    ...(person.identities ?? []).map((identity): [string, React.ReactNode] => [
      identity.kind,
      <span key={identity.value}>
        <bdi dir="ltr">{identity.value}</bdi>
        <span className="block text-caption text-text-3">{[t(identity.verified_at ? "verified" : "unverified"), identity.source].filter(Boolean).join(" · ")}</span>
      </span>,
    ]),
    [t("place"), [person.zip, person.state, person.country].filter(Boolean).join(" ") || "–"],
    ...(person.language ? [[t("language"), languageName(person.language)] as [string, string]] : []),
    ...(person.preferred_channel ? [[t("preferred"), person.preferred_channel] as [string, string]] : []),
    [t("since"), when(person.created_at)],
    ...Object.entries(person.attributes ?? {}).map(([key, value]): [string, string] => [key.replaceAll("_", " "), typeof value === "object" ? JSON.stringify(value) : String(value)]),
  ];
  return (
    <dl className="space-y-1.5">
      {lines.map(([label, value], i) => (
        <div key={`${label}${i}`} className="grid grid-cols-[6.5rem_1fr] gap-2">
          <dt className="truncate text-text-3 first-letter:uppercase">{label}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
