import { useRef, useState, type FormEvent, type RefObject } from "react";
import { useQuery } from "@tanstack/react-query";
import {
  AlarmClock,
  ArrowLeft,
  Ban,
  Bot,
  Check,
  Ellipsis,
  Mail,
  MoonStar,
  PanelRight,
  Search,
  Tag,
  Undo2,
  UserRoundPlus,
} from "lucide-react";
import { itemsOf, queries } from "../api/queries";
import type { Conversation, Person } from "../api/types";
import { Avatar } from "../design/avatar";
import { Button, IconButton } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Area, Field } from "../design/form";
import { Menu, MenuPopover, type MenuItem } from "../design/menu";
import { Chip } from "../design/status";
import { useCommand } from "../keyboard/keyboard";
import { keysOf } from "../keyboard/table";
import { useMe } from "../shell/me";
import { openPanel } from "../shell/panels";
import { useNow, workspaceNow } from "../state/clock";
import { clockTime, dateTime, instant, nearTime } from "../text/time";
import { actions, nameOf, snoozeTimes } from "./actions";
import { TagsDialog } from "./tags";
import { t } from "./text";
import type { Filter } from "./thread";

interface HeaderProps {
  conversation: Conversation;
  profile: Person | undefined;
  heading: RefObject<HTMLHeadingElement | null>;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onFind: () => void;
  onClosed: () => void;
  onBack: () => void;
  narrow: boolean;
  panelShown: boolean;
}

/** Their local time, and whether it is a time to write. */
function LocalTime({ profile }: { profile: Person }) {
  const now = useNow();
  const { quiet, timezone } = profile;
  const until = instant(quiet.until);
  const parts = [
    timezone && t("localTime", { time: clockTime(now, timezone), place: timezone.split("/").at(-1)?.replaceAll("_", " ") ?? "" }),
    !quiet.open && until !== undefined && t("quietUntil", { time: nearTime(until, now, timezone || undefined) }),
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return (
    <span title={quiet.text} className={quiet.open ? "" : "font-medium text-warn"}>
      {!quiet.open && <MoonStar aria-hidden className="me-1 inline size-3 align-[-1px]" />}
      {parts.join(" · ")}
    </span>
  );
}

type Asked = "" | "tags" | "optOut" | "time";

/** Name, place in time, and what can be done with the conversation. */
export function ConversationHeader(props: HeaderProps) {
  const { conversation: c, profile, heading } = props;
  const me = useMe();
  const members = itemsOf(useQuery(queries.members()).data).filter((member) => !member.disabled);
  const [asked, setAsked] = useState<Asked>("");
  const [choosing, setChoosing] = useState<"" | "assign" | "snooze">("");
  const tools = useRef<HTMLDivElement>(null);
  const name = nameOf(c);
  const open = c.status === "open" || c.status === "snoozed";
  const self = { id: me.member.id, name: me.member.name };
  const close = () => {
    void actions.close(c);
    props.onClosed();
  };
  useCommand("close", close, open);
  useCommand("claim", () => void actions.claim(c, self));
  useCommand("unread", () => void actions.unread(c));
  useCommand("tag", () => setAsked("tags"));
  useCommand("snooze", () => (props.narrow ? setChoosing("snooze") : document.getElementById("snooze-menu")?.click()));
  useCommand("assign", () => (props.narrow ? setChoosing("assign") : document.getElementById("assign-menu")?.click()));

  const snoozeItems: MenuItem[] = [
    ...snoozeTimes(workspaceNow()).map(({ key, at }) => ({
      key,
      label: t(key),
      detail: dateTime(at.getTime(), workspaceNow()),
      run: () => {
        void actions.snooze(c, at);
        props.onClosed();
      },
    })),
    { key: "custom", label: t("customTime"), run: () => setAsked("time") },
  ];
  const assignItems: MenuItem[] = [
    { key: "me", label: t("assignMe"), keys: keysOf("claim"), run: () => void actions.claim(c, self) },
    ...members
      .filter((member) => member.id !== self.id)
      .map((member) => ({ key: member.id, label: member.name, checked: c.owner?.id === member.id, run: () => void actions.assign(c, { id: member.id, name: member.name }) })),
    { key: "nobody", label: t("nobody"), checked: !c.owner, run: () => void actions.assign(c, undefined) },
  ];
  const filters = (["all", "messages", "events"] as Filter[]).map((filter) => ({
    key: filter,
    label: t(filter === "all" ? "filterAll" : filter === "messages" ? "filterMessages" : "filterEvents"),
    checked: props.filter === filter,
    run: () => props.onFilter(filter),
  }));
  const moreItems: MenuItem[] = [
    ...(props.narrow
      ? [
          { key: "panel", label: t("panel"), icon: PanelRight, run: openPanel },
          { key: "assign", label: t("assign"), icon: UserRoundPlus, run: () => setChoosing("assign") },
          { key: "snooze", label: t("snooze"), icon: AlarmClock, run: () => setChoosing("snooze") },
        ]
      : []),
    { key: "find", label: t("find"), icon: Search, keys: keysOf("find"), run: props.onFind },
    { key: "tags", label: t("tagAdd"), icon: Tag, keys: keysOf("tag"), run: () => setAsked("tags") },
    c.unread > 0
      ? { key: "read", label: t("markRead"), icon: Mail, run: () => void actions.read(c) }
      : { key: "unread", label: t("markUnread"), icon: Mail, keys: keysOf("unread"), run: () => void actions.unread(c) },
    ...(c.floor === "member" ? [{ key: "hand", label: t("handBack"), icon: Bot, keys: keysOf("take"), run: () => void actions.handBack(c) }] : []),
    ...(c.opted_out ? [] : [{ key: "opt", label: t("optOut"), icon: Ban, danger: true, run: () => setAsked("optOut") }]),
    ...filters.map((item) => ({ ...item, key: `show-${item.key}`, label: `${t("show")}: ${String(item.label)}` })),
  ];

  return (
    <header className="@container border-b border-border bg-surface ps-2 pe-2 sm:ps-4">
      <div className="flex min-h-14 items-center gap-2">
        {props.narrow && <IconButton label={t("back")} icon={ArrowLeft} onClick={props.onBack} className="rtl:-scale-x-100" />}
        <Avatar voice="customer" name={c.name} size={34} className="hidden @md:grid" />
        <div className="min-w-0 flex-1">
          <h1 ref={heading} tabIndex={-1} className="flex items-center gap-2 font-semibold">
            <bdi className="truncate text-section/5">{name}</bdi>
            {c.opted_out && (
              <span className="shrink-0">
                <Chip tone="danger" icon={Ban}>
                  {t("optedOutChip")}
                </Chip>
              </span>
            )}
          </h1>
          <p className="truncate text-caption text-text-2">
            {c.name && c.name !== c.number && (
              <span className="hidden @md:inline">
                <bdi dir="ltr">{c.number}</bdi> ·{" "}
              </span>
            )}
            {c.owner && `${t("ownedBy", { name: c.owner.name })} · `}
            {profile && <LocalTime profile={profile} />}
          </p>
        </div>
        <div ref={tools} className="flex shrink-0 items-center">
          {(c.viewers ?? [])
            .filter((viewer) => viewer.id !== self.id)
            .slice(0, 3)
            .map((viewer) => (
              <span key={viewer.id} title={t("viewing", { names: viewer.name })} className="me-1 hidden @md:block">
                <Avatar voice="agent" name={viewer.name} size={24} />
                <span className="sr-only">{t("viewing", { names: viewer.name })}</span>
              </span>
            ))}
          {!props.narrow && (
            <>
              <Menu label={t("assign")} items={assignItems} trigger={(trigger) => <IconButton id="assign-menu" label={t("assign")} hint={keysOf("assign")} icon={UserRoundPlus} {...trigger} />} />
              <Menu label={t("snooze")} items={snoozeItems} trigger={(trigger) => <IconButton id="snooze-menu" label={t("snooze")} hint={keysOf("snooze")} icon={AlarmClock} {...trigger} />} />
            </>
          )}
          <Menu label={t("more")} items={moreItems} trigger={(trigger) => <IconButton label={t("more")} icon={Ellipsis} {...trigger} />} />
          {!props.panelShown && !props.narrow && <IconButton label={t("panel")} hint={keysOf("panel")} icon={PanelRight} onClick={openPanel} className="rtl:-scale-x-100" />}
          {open ? (
            <Button icon={Check} onClick={close} className="ms-1.5" title={`${t("closeNext")} (${keysOf("close")})`}>
              <span className="sr-only @md:not-sr-only">{t("close")}</span>
            </Button>
          ) : (
            c.status === "closed" && (
              <Button icon={Undo2} onClick={() => void actions.reopen(c)} className="ms-1.5">
                <span className="sr-only @md:not-sr-only">{t("reopen")}</span>
              </Button>
            )
          )}
        </div>
      </div>
      {choosing && (
        <MenuPopover
          label={t(choosing)}
          items={choosing === "assign" ? assignItems : snoozeItems}
          anchor={tools}
          onClose={(focus) => {
            setChoosing("");
            if (focus) tools.current?.querySelector("button")?.focus();
          }}
        />
      )}
      {asked === "tags" && <TagsDialog conversation={c} onClose={() => setAsked("")} />}
      {asked === "optOut" && <OptOutDialog conversation={c} onClose={() => setAsked("")} />}
      {asked === "time" && <TimeDialog conversation={c} onClose={() => setAsked("")} onDone={props.onClosed} />}
    </header>
  );
}

function OptOutDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const name = nameOf(conversation);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const note = String(new FormData(event.currentTarget).get("note") ?? "");
    void actions.optOut(conversation, note);
    onClose();
  };
  return (
    <Dialog open title={t("optOutTitle", { name })} onClose={onClose}>
      <form onSubmit={submit} className="space-y-3">
        <p>{t("optOutText", { name })}</p>
        <Area label={t("optOutNote")} name="note" rows={3} required />
        <DialogActions>
          <Button autoFocus onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="danger">
            {t("optOut")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function TimeDialog({ conversation, onClose, onDone }: { conversation: Conversation; onClose: () => void; onDone: () => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const at = instant(String(new FormData(event.currentTarget).get("at") ?? ""));
    if (at === undefined) return;
    void actions.snooze(conversation, new Date(at));
    onClose();
    onDone();
  };
  return (
    <Dialog open title={t("customTime")} onClose={onClose}>
      <form onSubmit={submit} className="space-y-3">
        <Field label={t("snooze")} name="at" type="datetime-local" required autoFocus />
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="primary">
            {t("snooze")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
