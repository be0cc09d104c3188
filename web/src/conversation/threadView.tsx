import { useCallback, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import type { Episode, Message } from "../api/types";
import { Button } from "../design/button";
import { cx } from "../design/cx";
import { EmptyState, ErrorState, Skeleton, Spinner, useDelayed } from "../design/status";
import { useCommand } from "../keyboard/keyboard";
import { Bubble, type BubbleAction } from "./bubble";
import { Chapter, DayLine, episodeTitle, EventRun } from "./events";
import { spokenTime } from "./state";
import { t } from "./text";
import { buildRows, episodeAt, indexOfMessage, type Filter, type Row, type ThreadMessage } from "./thread";
import { loadAround, loadFirst, loadNewer, loadNewest, loadOlder, type Thread } from "./threads";

export interface ThreadViewProps {
  person: string;
  customer: string;
  thread: Thread;
  messages: readonly ThreadMessage[];
  episodes: readonly Episode[];
  filter: Filter;
  mark: string | undefined;
  /** Where to go: a message, with a number that makes asking again work. */
  target: { message: string; n: number } | undefined;
  /** Grows with each message that this reader sends: the view follows it. */
  sent: number;
  onAction: (message: ThreadMessage, action: BubbleAction) => void;
}

function estimate(row: Row | undefined): number {
  if (!row) return 60;
  if (row.kind === "chapter") return 48;
  if (row.kind === "day") return 36;
  if (row.kind === "events") return row.open ? 12 + row.events.length * 20 : 56;
  return (row.grouped ? 56 : 84) + Math.floor(row.message.text.length / 52) * 20;
}

/** Goes to a message anywhere in the history and marks it for a moment. */
function useJump(props: ThreadViewProps, rows: readonly Row[], scrollTo: (index: number) => void) {
  const [highlight, setHighlight] = useState("");
  const [wanted, setWanted] = useState("");
  const { person, target } = props;
  useEffect(() => {
    if (!target) return;
    setWanted(target.message);
    void loadAround(person, target.message);
  }, [person, target]);
  const index = wanted ? indexOfMessage(rows, wanted) : -1;
  useEffect(() => {
    if (index < 0) return;
    scrollTo(index);
    setHighlight(wanted);
    setWanted("");
  }, [index, wanted, scrollTo]);
  useEffect(() => {
    if (!highlight) return;
    const timer = setTimeout(() => setHighlight(""), 2500);
    return () => clearTimeout(timer);
  }, [highlight]);
  return { highlight, jump: setWanted };
}

/** Says new texts of the customer aloud, and never the history. */
function Announcer({ messages, customer, live }: { messages: readonly ThreadMessage[]; customer: string; live: boolean }) {
  const [said, setSaid] = useState<{ id: string; text: string }[]>([]);
  const newest = useRef("");
  useEffect(() => {
    if (!live) return;
    const inbound = messages.filter((message) => message.kind === "in");
    const last = inbound.at(-1);
    if (!last) return;
    const before = newest.current;
    newest.current = last.at;
    if (!before) return;
    const fresh = inbound.filter((message) => message.at > before);
    if (fresh.length === 0) return;
    setSaid((all) =>
      [...all, ...fresh.map((message) => ({ id: message.id, text: t("announce", { name: customer, time: spokenTime(message), text: message.text || t("photo") }) }))].slice(-3),
    );
  }, [messages, customer, live]);
  return (
    <div role="log" aria-live="polite" className="sr-only">
      {said.map((line) => (
        <p key={line.id}>{line.text}</p>
      ))}
    </div>
  );
}

function useThreadKeys(rows: readonly Row[], scroller: RefObject<HTMLDivElement | null>, toRow: (index: number, align: "start" | "center") => void, first: () => number, ends: { home: () => void; end: () => void }) {
  const chapters = useMemo(() => rows.flatMap((row, i) => (row.kind === "chapter" ? [i] : [])), [rows]);
  const articles = useMemo(() => rows.flatMap((row, i) => (row.kind === "message" ? [i] : [])), [rows]);
  useCommand("episode.previous", () => toRow(chapters.findLast((i) => i < first()) ?? 0, "start"));
  useCommand("episode.next", () => {
    const next = chapters.find((i) => i > first());
    if (next === undefined) ends.end();
    else toRow(next, "start");
  });
  useCommand("thread.first", ends.home);
  useCommand("thread.last", ends.end);
  const focusMessage = (by: number) => {
    const focused = document.activeElement?.closest<HTMLElement>("[data-index]");
    const inside = focused && scroller.current?.contains(focused);
    const at = inside ? Number(focused.dataset.index) : rows.length;
    const next = by < 0 ? articles.findLast((i) => i < at) : articles.find((i) => i > at);
    if (next === undefined) return;
    toRow(next, "center");
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] article`)?.focus({ preventScroll: true }));
  };
  useCommand("message.previous", () => focusMessage(-1));
  useCommand("message.next", () => focusMessage(1));
}

/** The lifelong conversation: only the lines in sight exist, however many there are. */
export function ThreadView(props: ThreadViewProps) {
  const { person, customer, thread, messages, episodes, filter } = props;
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => buildRows(messages, { episodes, collapsed, opened, filter, partial: !thread.first }), [messages, episodes, collapsed, opened, filter, thread.first]);
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const busy = useDelayed(thread.status === "older" && rows.length > 0);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimate(rows[index]),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 6,
    paddingStart: thread.first ? 44 : 12,
    paddingEnd: 16,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: 80,
    onChange: (instance) => setAtEnd(instance.isAtEnd(80)),
  });
  // The composer grows and the keyboard opens: who reads the newest line keeps it in sight.
  const keepEnd = useEffectEvent(() => {
    if (atEnd && thread.last) virtual.scrollToEnd();
  });
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const observer = new ResizeObserver(() => keepEnd());
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  const items = virtual.getVirtualItems();
  const firstIndex = () => {
    const offset = (virtual.scrollOffset ?? 0) + 24;
    return virtual.getVirtualItemForOffset(offset)?.index ?? 0;
  };

  const scrollTo = useCallback((index: number) => virtual.scrollToIndex(index, { align: "center" }), [virtual]);
  const { highlight } = useJump(props, rows, scrollTo);

  // A thread opens at its newest line, and so does a window that was replaced by the newest page.
  const opening = `${person}:${thread.window}`;
  const shown = useRef("");
  const wantsEnd = useRef(true);
  useEffect(() => {
    if (props.target) wantsEnd.current = false;
  }, [props.target]);
  useLayoutEffect(() => {
    if (rows.length === 0 || shown.current === opening) return;
    shown.current = opening;
    if (thread.last && wantsEnd.current) virtual.scrollToEnd();
  }, [rows.length, opening, thread.last, virtual]);

  const top = items[0]?.index ?? 0;
  const bottom = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (shown.current !== opening) return;
    if (top < 8) void loadOlder(person);
    if (bottom > rows.length - 8) void loadNewer(person);
  }, [top, bottom, rows.length, person, opening, thread.status]);

  const toEnd = () => {
    wantsEnd.current = true;
    if (thread.last) virtual.scrollToEnd();
    else void loadNewest(person, true);
  };
  const followSent = useEffectEvent(toEnd);
  useEffect(() => {
    if (props.sent > 0) requestAnimationFrame(() => followSent());
  }, [props.sent]);
  const toStart = () => {
    wantsEnd.current = false;
    void loadFirst(person).then(() => requestAnimationFrame(() => virtual.scrollToOffset(0)));
  };
  useThreadKeys(rows, scroller, (index, align) => virtual.scrollToIndex(index, { align }), firstIndex, { home: toStart, end: toEnd });

  const toggle = (set: typeof setCollapsed, key: string) =>
    set((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const current = rows.length ? episodeAt(rows, firstIndex(), episodes) : undefined;

  return (
    <div className="relative min-h-0 flex-1">
      {current && rows.length > 6 && (
        <p className="pointer-events-none absolute inset-x-0 top-0 z-10 truncate border-b border-border bg-surface/92 px-4 py-1 text-center text-meta font-medium text-text-2 backdrop-blur-sm">
          {episodeTitle(current)}
        </p>
      )}
      <div ref={scroller} role={rows.length > 0 ? "feed" : undefined} aria-label={t("thread", { name: customer })} aria-busy={thread.status === "older"} tabIndex={-1} className="scroll h-full [overflow-anchor:none]">
        {rows.length === 0 && (thread.status === "loading" || thread.status === "empty") && <Skeleton rows={5} height={72} retry={() => void loadNewest(person)} />}
        {rows.length === 0 && thread.status === "failed" && thread.problem && <ErrorState problem={thread.problem} retry={() => void loadNewest(person)} />}
        {rows.length === 0 && thread.status === "ready" && <EmptyState title={t("noMessages")} />}
        {rows.length > 0 && thread.problem && <LoadFailed onRetry={() => void loadOlder(person)} />}
        <div className="relative mx-auto max-w-3xl" style={{ height: virtual.getTotalSize() }}>
          {thread.first && rows.length > 0 && <p className="absolute inset-x-0 top-7 text-center text-caption text-text-3">{t("start")}</p>}
          {items.map((item) => (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className="absolute inset-x-0 top-0 px-3 sm:px-4"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Line
                row={rows[item.index]}
                first={item.index === 0}
                highlight={highlight}
                mark={props.mark}
                customer={customer}
                onAction={props.onAction}
                onFold={(id) => toggle(setCollapsed, id)}
                onOpen={(key) => toggle(setOpened, key)}
              />
            </div>
          ))}
        </div>
      </div>
      {busy && (
        <p role="status" className="fade-in absolute inset-x-0 top-8 z-10 mx-auto flex w-fit items-center gap-1.5 rounded-full border border-border bg-raised px-3 py-1 text-caption text-text-2 shadow-pop">
          <Spinner /> {t("loadingOlder")}
        </p>
      )}
      {rows.length > 0 && (!atEnd || !thread.last) && (
        <Button small icon={ArrowDown} onClick={toEnd} className="rise absolute end-4 bottom-3 z-10 !rounded-full shadow-pop">
          {t("newest")}
        </Button>
      )}
      <Announcer key={person} messages={messages} customer={customer} live={thread.last && thread.status === "ready"} />
    </div>
  );
}

function LoadFailed({ onRetry }: { onRetry: () => void }) {
  return (
    <p role="alert" className="flex items-center justify-center gap-2 p-2 text-caption text-danger">
      {t("loadFailed")}
      <Button small onClick={onRetry}>
        {t("retry")}
      </Button>
    </p>
  );
}

interface LineProps {
  row: Row | undefined;
  first: boolean;
  highlight: string;
  mark: string | undefined;
  customer: string;
  onAction: ThreadViewProps["onAction"];
  onFold: (episode: string) => void;
  onOpen: (key: string) => void;
}

function nameFor(message: Message, customer: string): string {
  return `${message.kind === "note" ? t("internalNote") : message.author.name || customer}, ${spokenTime(message)}`;
}

function Line({ row, first, highlight, mark, customer, onAction, onFold, onOpen }: LineProps) {
  if (!row) return null;
  if (row.kind === "chapter")
    return (
      <article aria-label={episodeTitle(row.episode)}>
        <Chapter episode={row.episode} collapsed={row.collapsed} first={first} onToggle={() => onFold(row.episode.id)} />
      </article>
    );
  if (row.kind === "day") return <DayLine at={row.at} />;
  if (row.kind === "events")
    return (
      <article aria-label={t("moreEvents", { n: row.events.length })}>
        <EventRun events={row.events} open={row.open} highlight={highlight} onToggle={() => onOpen(row.key)} />
      </article>
    );
  const { message } = row;
  return (
    <article tabIndex={-1} aria-label={nameFor(message, customer)} className={cx("rounded-bubble", message.local && "rise")}>
      <Bubble
        message={message}
        grouped={row.grouped}
        newSpeaker={row.newSpeaker}
        highlighted={highlight === message.id}
        mark={highlight === message.id ? mark : undefined}
        customer={customer}
        onAction={onAction}
      />
    </article>
  );
}
