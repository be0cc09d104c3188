import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowUp, Inbox, PartyPopper, Search, SearchX, X } from "lucide-react";
import { queries } from "../api/queries";
import type { View } from "../api/types";
import { Button, IconButton } from "../design/button";
import { cx } from "../design/cx";
import { Menu } from "../design/menu";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { useCommand } from "../keyboard/keyboard";
import { useMe } from "../shell/me";
import { prefer, preferences } from "../state/preferences";
import { useNow } from "../state/clock";
import { useStore } from "../state/store";
import { formatNumber } from "../text/money";
import { BulkBar } from "./bulk";
import type { Sort } from "./list";
import { listOf, loadMore, reload, showWaiting, type List, type Place } from "./lists";
import { Row } from "./row";
import { t } from "./text";
import { prefetch } from "./threads";
import { useMedia } from "../design/media";

export const views: View[] = ["open", "mine", "unassigned", "all", "bot", "snoozed", "closed"];

interface InboxListProps {
  place: Place;
  person: string | undefined;
  /** The thread is beside the list, so moving also opens. */
  beside: boolean;
}

function ViewBar({ place }: { place: Place }) {
  const counts = useQuery(queries.counts()).data;
  const navigate = useNavigate();
  return (
    <nav aria-label={t("views")} className="flex gap-x-0.5 gap-y-1 px-2 pb-2 max-sm:overflow-x-auto sm:flex-wrap">
      {views.map((view) => {
        const count = counts?.[view];
        return (
          <button
            key={view}
            type="button"
            aria-current={place.view === view ? "page" : undefined}
            onClick={() => void navigate({ to: "/inbox", search: { view, sort: place.sort === "newest" ? "newest" : undefined } })}
            className={cx(
              "inline-flex min-h-6 shrink-0 items-center gap-1.5 rounded-full px-2 py-0.5 text-caption font-medium transition-colors duration-(--quick) pointer-coarse:min-h-9",
              place.view === view ? "bg-accent-soft text-accent-text" : "text-text-2 hover:bg-hover hover:text-text",
            )}
          >
            {t(view)}
            {count !== undefined && <span className={cx("tabular text-meta", place.view === view ? "" : "text-text-3")}>{formatNumber(count)}</span>}
          </button>
        );
      })}
    </nav>
  );
}

function SearchBox({ place, inputRef }: { place: Place; inputRef: React.RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const [text, setText] = useState(place.q);
  useEffect(() => setText(place.q), [place.q]);
  useEffect(() => {
    if (text === place.q) return;
    const timer = setTimeout(() => void navigate({ to: "/inbox", search: { view: place.view, q: text || undefined }, replace: true }), 200);
    return () => clearTimeout(timer);
  }, [text, place.q, place.view, navigate]);
  return (
    <search className="relative mx-3 mb-2 block">
      <Search aria-hidden className="pointer-events-none absolute inset-y-0 start-2.5 my-auto size-4 text-text-3" />
      <input
        ref={inputRef}
        type="search"
        value={text}
        aria-label={t("search")}
        placeholder={t("search")}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            setText("");
            event.currentTarget.blur();
          }
        }}
        className="field !border-transparent !bg-sunken !ps-8.5 [&::-webkit-search-cancel-button]:hidden"
      />
      {text && <IconButton small label={t("clearSearch")} icon={X} onClick={() => setText("")} className="absolute inset-y-0 end-1 my-auto" />}
    </search>
  );
}

function Nothing({ place, everything }: { place: Place; everything: number | undefined }) {
  const navigate = useNavigate();
  if (place.q)
    return (
      <EmptyState
        icon={SearchX}
        title={t("noMatch")}
        text={t("noMatchText")}
        action={<Button onClick={() => void navigate({ to: "/inbox", search: { view: place.view } })}>{t("clearFilter")}</Button>}
      />
    );
  if (everything === 0)
    return (
      <EmptyState
        icon={Inbox}
        title={t("noneEver")}
        text={t("noneEverText")}
        action={
          <Button look="primary" onClick={() => prefer({ dock: true })}>
            {t("openPhone")}
          </Button>
        }
      />
    );
  return (
    <EmptyState
      icon={PartyPopper}
      title={t("zero")}
      text={t("zeroText")}
      {...(place.view === "all" ? {} : { action: <Button onClick={() => void navigate({ to: "/inbox", search: { view: "all" } })}>{t("showAll")}</Button> })}
    />
  );
}

/** Moves through the rows and remembers where, so that the keyboard never loses its place. */
function useRows(list: List, props: InboxListProps, scroller: React.RefObject<HTMLDivElement | null>, rowHeight: number) {
  const loaded = useStore(list.store);
  const { items } = loaded;
  const navigate = useNavigate();
  const [cursor, setCursor] = useState<string | undefined>(props.person);
  useEffect(() => {
    if (props.person) setCursor(props.person);
  }, [props.person]);

  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => items[index]?.person_id ?? index,
    overscan: 8,
    initialOffset: list.scrollTop,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight]);

  const focusRow = (person: string) => {
    setCursor(person);
    virtual.scrollToIndex(items.findIndex((item) => item.person_id === person), { align: "auto" });
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(person)}"]`)?.focus({ preventScroll: true }));
  };
  const go = (person: string, open: boolean) => {
    focusRow(person);
    const { view, q, sort } = list.place;
    if (open) void navigate({ to: "/c/$person", params: { person }, search: { view, q: q || undefined, sort: sort === "newest" ? sort : undefined }, replace: props.beside && props.person !== undefined });
  };
  const step = (by: number) => {
    const at = items.findIndex((item) => item.person_id === cursor);
    const next = items[at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + by))];
    if (!next) return;
    go(next.person_id, props.beside);
    const after = items[at + 2 * by];
    if (after) prefetch(after.person_id);
  };
  useCommand("list.next", () => step(1), items.length > 0);
  useCommand("list.previous", () => step(-1), items.length > 0);
  useCommand("list.open", () => cursor && go(cursor, true), cursor !== undefined);
  return { loaded, virtual, cursor };
}

/** The queue: views with their counts, search, and the rows, of which only those in sight exist. */
export function InboxList(props: InboxListProps) {
  const { place, person } = props;
  const me = useMe();
  const navigate = useNavigate();
  const list = useMemo(() => listOf(place, me.member.id), [place, me.member.id]);
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const compact = useStore(preferences).density === "compact";
  const coarse = useMedia("(pointer: coarse)");
  const rowHeight = coarse ? 68 : compact ? 48 : 64;
  const { loaded, virtual, cursor } = useRows(list, props, scroller, rowHeight);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const everything = useQuery(queries.counts()).data?.all;
  const now = useNow(15_000);
  const { items, status, total, waiting } = loaded;

  useEffect(() => setSelected(new Set()), [list]);
  const toggle = (id: string) =>
    setSelected((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  useCommand("search", () => search.current?.focus());
  useCommand("list.select", () => cursor && toggle(cursor), cursor !== undefined);

  const visible = virtual.getVirtualItems();
  const lastVisible = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastVisible >= items.length - 15) void loadMore(list);
  }, [lastVisible, items.length, list]);

  const active = person ?? cursor;
  // Beside an open conversation, whose name is the screen's heading, this is a part of it.
  const Heading = person ? "h2" : "h1";
  return (
    <section aria-label={t("conversations")} className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex items-center justify-between ps-4 pe-2 pt-3 pb-1.5">
        <Heading className="text-section font-semibold">{t("inbox")}</Heading>
        <Menu
          label={t("sort")}
          trigger={(trigger) => (
            <Button small look="quiet" {...trigger}>
              {t(place.sort === "newest" ? "sortNewest" : "sortWaiting")}
            </Button>
          )}
          items={(["waiting", "newest"] as Sort[]).map((sort) => ({
            key: sort,
            label: t(sort === "newest" ? "sortNewest" : "sortWaiting"),
            checked: place.sort === sort,
            run: () => void navigate({ to: "/inbox", search: { view: place.view, q: place.q || undefined, sort: sort === "newest" ? "newest" : undefined } }),
          }))}
        />
      </header>
      <SearchBox place={place} inputRef={search} />
      <ViewBar place={place} />
      {selected.size > 0 && <BulkBar place={place} total={total} selected={selected} onDone={() => setSelected(new Set())} />}
      {waiting.length > 0 && (
        <button
          type="button"
          onClick={() => {
            showWaiting(list);
            scroller.current?.scrollTo({ top: 0 });
          }}
          className="rise z-10 mx-auto -mb-8 mt-1 inline-flex items-center gap-1 rounded-full bg-accent px-3 py-1 text-caption font-semibold text-on-accent shadow-pop"
        >
          {t("arrivals", { n: waiting.length })} <ArrowUp aria-hidden className="size-3.5" />
        </button>
      )}
      <div
        ref={scroller}
        className="scroll min-h-0 flex-1 border-t border-border"
        onScroll={(event) => {
          list.scrollTop = event.currentTarget.scrollTop;
          list.mayMove = event.currentTarget.scrollTop < 8;
        }}
      >
        {items.length === 0 && (status === "loading" || status === "empty") && <Skeleton rows={8} height={rowHeight} retry={() => void reload(list)} />}
        {items.length === 0 && status === "failed" && loaded.problem && <ErrorState problem={loaded.problem} retry={() => void reload(list)} />}
        {items.length === 0 && status === "ready" && <Nothing place={place} everything={everything} />}
        <div role="list" aria-label={t(place.view)} className="relative" style={{ height: virtual.getTotalSize() }}>
          {visible.map((item) => {
            const conversation = items[item.index];
            if (!conversation) return null;
            const id = conversation.person_id;
            return (
              <div
                key={item.key}
                role="listitem"
                aria-posinset={item.index + 1}
                aria-setsize={total ?? (loaded.next ? -1 : items.length)}
                className="absolute inset-x-0 top-0 border-b border-border"
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                <Row
                  conversation={conversation}
                  place={place}
                  position={item.index + 1}
                  total={items.length}
                  active={id === active}
                  selected={selected.has(id)}
                  selecting={selected.size > 0}
                  compact={compact && !coarse}
                  tabbable={active === undefined || !items.some((each) => each.person_id === active) ? item.index === 0 : id === active}
                  now={now}
                  me={me.member.id}
                  onSelect={toggle}
                  onHover={prefetch}
                />
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}
