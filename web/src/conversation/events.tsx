import { Link } from "@tanstack/react-router";
import {
  Bot,
  ChevronDown,
  CircleDot,
  Hand,
  Link2,
  Package,
  ShieldCheck,
  ShoppingCart,
  Tag,
  Ticket,
  UserRound,
  Waypoints,
  type LucideIcon,
} from "lucide-react";
import type { Episode, Message } from "../api/types";
import { cx } from "../design/cx";
import { workspaceNow } from "../state/clock";
import { clockTime, dateTime, dayLabel, instant } from "../text/time";
import { t } from "./text";

/** The small picture of a kind of event, by words in its type. */
export function eventIcon(type: string): LucideIcon {
  const icons: [RegExp, LucideIcon][] = [
    [/cart|checkout/, ShoppingCart],
    [/order|refund|delivery|shipment/, Package],
    [/code|offer|redeem/, Ticket],
    [/click|link/, Link2],
    [/consent|opt/, ShieldCheck],
    [/journey/, Waypoints],
    [/bot/, Bot],
    [/take|claim|hand/, Hand],
    [/assign|owner|member/, UserRound],
    [/tag/, Tag],
  ];
  return icons.find(([pattern]) => pattern.test(type))?.[1] ?? CircleDot;
}

function EventLine({ message, highlighted }: { message: Message; highlighted: boolean }) {
  const { event } = message;
  const Icon = eventIcon(event?.type ?? "");
  const at = instant(message.at);
  const title = event?.title || message.text;
  const link = event?.link ?? "";
  const inner = link.startsWith("/") && !link.startsWith("//") ? link : "";
  return (
    <div className={cx("flex items-center justify-center gap-1.5 py-0.5 text-center text-caption text-text-2", highlighted && "rounded-control bg-mark")}>
      <Icon aria-hidden className="size-3.5 shrink-0 text-text-3" />
      <span className="min-w-0">
        {inner ? (
          <Link to={inner} className="hover:text-text hover:underline">
            {title}
          </Link>
        ) : (
          title
        )}
        {at !== undefined && <time className="text-text-3"> · {clockTime(at)}</time>}
      </span>
    </div>
  );
}

/** Events one line each, in the middle; a long run folds to its first and its number. */
export function EventRun(props: { events: Message[]; open: boolean; highlight: string; onToggle: () => void }) {
  const { events, open } = props;
  const shown = open ? events : events.slice(-1);
  return (
    <div className="chapter-lines px-2 pt-3">
      {!open && (
        <button
          type="button"
          onClick={props.onToggle}
          className="mx-auto flex min-h-6 items-center gap-1 rounded-full border border-border px-2.5 text-meta text-text-2 hover:bg-hover"
        >
          <ChevronDown aria-hidden className="size-3" />
          {t("moreEvents", { n: events.length - 1 })}
        </button>
      )}
      {shown.map((event) => (
        <EventLine key={event.id} message={event} highlighted={props.highlight === event.id} />
      ))}
    </div>
  );
}

/** "Episode 14 · Delivery delay · Ana · closed 3 May". */
export function episodeTitle(episode: Episode): string {
  const closed = instant(episode.closed_at);
  const status =
    episode.status === "closed" && closed !== undefined
      ? t("episodeClosed", { date: dateTime(closed, workspaceNow()) })
      : t(episode.status === "snoozed" ? "episodeSnoozed" : "episodeOpen");
  return [t("episode", { n: episode.number }), episode.topic, episode.owner?.name, status, episode.result].filter(Boolean).join(" · ");
}

/** The beginning of an episode: a chapter of the one long conversation. */
export function Chapter({ episode, collapsed, onToggle, first }: { episode: Episode; collapsed: boolean; onToggle: () => void; first: boolean }) {
  return (
    <div className={cx("chapter flex items-center gap-2", first ? "pt-2" : "pt-6")}>
      <button
        type="button"
        aria-expanded={!collapsed}
        onClick={onToggle}
        className="inline-flex min-h-6 items-center gap-1 rounded-full px-1 text-caption font-medium text-text-2 hover:text-text"
      >
        <ChevronDown aria-hidden className={cx("size-3.5 transition-transform duration-(--quick)", collapsed && "-rotate-90 rtl:rotate-90")} />
        <span>{episodeTitle(episode)}</span>
        {collapsed && <span className="text-text-3">({t("foldedMessages", { n: episode.messages })})</span>}
      </button>
    </div>
  );
}

export function DayLine({ at }: { at: string }) {
  const time = instant(at) ?? 0;
  return <p className="pt-4 pb-1 text-center text-meta font-semibold text-text-3">{dayLabel(time, workspaceNow())}</p>;
}
