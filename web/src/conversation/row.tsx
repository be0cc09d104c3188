import { memo } from "react";
import { Link } from "@tanstack/react-router";
import { AlarmClock, Ban, Bot, Camera, Globe, Mail, MessageSquare, ShoppingCart, Smartphone, type LucideIcon } from "lucide-react";
import type { Conversation } from "../api/types";
import { Avatar } from "../design/avatar";
import { Badge, Chip } from "../design/status";
import { cx } from "../design/cx";
import { cartWord } from "../commerce/states";
import { formatMoney } from "../text/money";
import { instant, listTime, span } from "../text/time";
import { nameOf } from "./actions";
import { channelName, t } from "./text";
import type { Place } from "./lists";

const channelIcons: Record<string, LucideIcon> = { sim: Smartphone, email: Mail, webchat: Globe };

interface RowProps {
  conversation: Conversation;
  place: Place;
  position: number;
  total: number;
  active: boolean;
  selected: boolean;
  selecting: boolean;
  compact: boolean;
  tabbable: boolean;
  now: number;
  me: string;
  onSelect: (person: string) => void;
  onHover: (person: string) => void;
}

/** Who spoke last, as the preview says it. */
function speaker(c: Conversation): string {
  switch (c.preview_author) {
    case "you":
      return t("you");
    case "note":
      return t("note");
    case "bot":
    case "agent":
    case "journey":
    case "campaign":
    case "system":
      return c.preview_author_name || t("automatic");
    default:
      return "";
  }
}

/** What was said last; a picture without words is named, and before any word the cart is. */
function Preview({ c }: { c: Conversation }) {
  if (c.preview) return c.preview;
  if (c.preview_author)
    return (
      <>
        <Camera aria-hidden className="inline size-3.5 align-[-2px]" /> {t("photo")}
      </>
    );
  if (!c.cart) return null;
  return (
    <>
      <ShoppingCart aria-hidden className="inline size-3.5 align-[-2px]" /> {formatMoney(c.cart.total)} · {cartWord(c.cart.state)}
    </>
  );
}

function Wait({ c, now }: { c: Conversation; now: number }) {
  const since = instant(c.waiting_since);
  if (since === undefined) {
    const last = instant(c.last_at);
    return <time className="shrink-0 text-caption text-text-3">{last === undefined ? "" : listTime(last, now)}</time>;
  }
  const text = span(now - since);
  if (c.overdue)
    return (
      <span className="tabular inline-flex shrink-0 items-center gap-1 text-caption font-semibold text-danger">
        <AlarmClock aria-hidden className="size-3.5" />
        {t("overdue", { span: text })}
      </span>
    );
  return (
    <span className="tabular shrink-0 text-caption font-medium text-warn" title={t("waitingLong", { span: text })}>
      <span className="sr-only">{t("waitingLong", { span: text })}</span>
      <span aria-hidden>{text}</span>
    </span>
  );
}

function Flags({ c }: { c: Conversation }) {
  const Channel = channelIcons[c.channel_kind] ?? MessageSquare;
  const others = c.viewers ?? [];
  return (
    <span className="flex shrink-0 items-center gap-1">
      {others.slice(0, 2).map((viewer) => (
        <span key={viewer.id} title={t("viewing", { names: viewer.name })}>
          <Avatar voice="agent" name={viewer.name} size={16} className="!text-[8px]" />
          <span className="sr-only">{t("viewing", { names: viewer.name })}</span>
        </span>
      ))}
      {c.floor === "bot" && <Bot aria-label={t("bot")} className="size-3.5 text-bot-edge" />}
      {c.opted_out && <Ban aria-label={t("optedOutChip")} className="size-3.5 text-danger" />}
      <Channel aria-label={channelName(c.channel_kind)} className="size-3.5 text-text-3" />
      {c.unread > 0 ? (
        <Badge count={c.unread} label={t("unread", { n: c.unread })} />
      ) : (
        c.seen && <span title={t("seen")} className="size-1.5 rounded-full bg-border-strong" />
      )}
    </span>
  );
}

/** One conversation of the list: who, what was said last and by whom, how long they wait, whose it is. */
export const Row = memo(function Row(props: RowProps) {
  const { conversation: c, place, active, selected, selecting, compact } = props;
  const name = nameOf(c);
  const who = speaker(c);
  const tags = (c.tags ?? []).slice(0, 2);
  const search = { view: place.view, q: place.q || undefined, sort: place.sort === "newest" ? place.sort : undefined };
  return (
    <div
      onPointerEnter={() => props.onHover(c.person_id)}
      className={cx(
        "group relative flex h-full items-center gap-3 border-s-[3px] ps-3 pe-3 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:-outline-offset-2 has-[a:focus-visible]:outline-focus",
        active ? "border-accent bg-accent-soft" : "border-transparent hover:bg-hover",
      )}
    >
      <span className={cx("relative shrink-0", compact ? "size-7" : "size-9")}>
        <span className={cx(selecting ? "invisible" : "group-hover:invisible group-has-[input:focus-visible]:invisible")}>
          <Avatar voice="customer" name={c.name} size={compact ? 28 : 36} />
        </span>
        {c.owner && (
          <span
            title={t("ownedBy", { name: c.owner.name })}
            className={cx("absolute -end-1.5 -bottom-1 rounded-[6px] bg-surface", selecting ? "invisible" : "group-hover:invisible")}
          >
            <Avatar voice="agent" name={c.owner.name} size={18} className="!border !text-[8px]" />
          </span>
        )}
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={t("selectRow", { name })}
          onChange={() => props.onSelect(c.person_id)}
          className={cx("absolute inset-0 z-10 m-auto size-4.5", selecting ? "" : "opacity-0 group-hover:opacity-100 focus-visible:opacity-100")}
        />
      </span>
      <Link
        to="/c/$person"
        params={{ person: c.person_id }}
        search={search}
        data-row={c.person_id}
        tabIndex={props.tabbable ? 0 : -1}
        aria-current={active ? "true" : undefined}
        className="flex min-w-0 flex-1 flex-col justify-center gap-0.5 self-stretch outline-none"
      >
        <span className="flex items-baseline gap-2">
          <bdi className={cx("min-w-0 truncate", c.unread > 0 ? "font-semibold text-text" : "font-medium text-text")}>{name}</bdi>
          {tags.map((tag) => (
            <span key={tag} className="hidden max-w-20 shrink-0 self-center sm:inline-flex">
              <Chip>{tag}</Chip>
            </span>
          ))}
          <span className="flex-1" />
          <Wait c={c} now={props.now} />
        </span>
        <span className="flex items-center gap-2">
          <span className={cx("min-w-0 flex-1 truncate text-caption", c.unread > 0 ? "text-text" : "text-text-2")} dir="auto">
            {who && <span className="font-medium">{who}: </span>}
            <Preview c={c} />
          </span>
          <Flags c={c} />
        </span>
        {c.owner && <span className="sr-only">{t("ownedBy", { name: c.owner.name })}</span>}
      </Link>
    </div>
  );
});
