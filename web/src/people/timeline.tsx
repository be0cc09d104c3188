import { useState } from "react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessageSquare, StickyNote } from "lucide-react";
import { get, problemOf } from "../api/client";
import type { Page, TimelineItem } from "../api/types";
import { eventIcon } from "../conversation/events";
import { Button } from "../design/button";
import { cx } from "../design/cx";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { instant, monthLabel } from "../text/time";
import { when } from "./sections";
import { t } from "./text";

type TimelinePage = Page<TimelineItem> & { counts: Record<string, number> | null };

function iconOf(item: TimelineItem) {
  if (item.kind === "message") return MessageSquare;
  if (item.kind === "note") return StickyNote;
  return eventIcon(`${item.kind} ${item.icon}`);
}

/** Where an item leads; only places of this app. */
function placeOf(link: string): string | undefined {
  return link.startsWith("/") && !link.startsWith("//") ? link : undefined;
}

function Item({ item }: { item: TimelineItem }) {
  const Icon = iconOf(item);
  const link = placeOf(item.link);
  const title = <span className="font-medium">{item.title}</span>;
  return (
    <div className="relative flex gap-3 pb-4 ps-0.5 before:absolute before:inset-y-0 before:start-[0.8125rem] before:border-s before:border-border">
      <span className="z-10 grid size-6 shrink-0 place-items-center rounded-full border border-border bg-surface text-text-3">
        <Icon aria-hidden className="size-3.5" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <span className="min-w-0 flex-1">
            {link ? (
              <Link to={link} className="hover:underline">
                {title}
              </Link>
            ) : (
              title
            )}
          </span>
          <time className="shrink-0 text-caption text-text-3">{when(item.at)}</time>
        </p>
        {item.text && (
          <p className="line-clamp-3 text-text-2" dir="auto">
            {item.text}
          </p>
        )}
      </div>
    </div>
  );
}

const kinds = ["message", "note", "event", "consent", "journey", "survey", "cart", "order", "code", "link"] as const;

function kindName(kind: string): string {
  const known = kinds.find((each) => each === kind);
  return known ? t(`kind_${known}`) : kind || t("all");
}

/** Everything that happened to one customer, newest first, with a chip for each kind. */
export function Timeline({ person }: { person: string }) {
  const [filter, setFilter] = useState("");
  const query = useInfiniteQuery({
    queryKey: ["timeline", person, filter],
    queryFn: ({ pageParam, signal }) => get<TimelinePage>(`/people/${encodeURIComponent(person)}/timeline`, { cursor: pageParam, filter }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  const counts = query.data?.pages[0]?.counts ?? {};
  const items = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  const sum = Object.values(counts).reduce((total, n) => total + n, 0);
  let month = "";
  return (
    <div>
      <div role="group" aria-label={t("timeline")} className="flex flex-wrap gap-1 pb-3">
        {[["", sum] as const, ...Object.entries(counts)].map(([kind, n]) => (
          <button
            key={kind}
            type="button"
            aria-pressed={filter === kind}
            onClick={() => setFilter(kind)}
            className={cx(
              "inline-flex min-h-6 items-center gap-1 rounded-full border px-2 text-caption",
              filter === kind ? "border-transparent bg-accent-soft text-accent-text" : "border-border text-text-2 hover:bg-hover",
            )}
          >
            {kindName(kind)} <span className="tabular text-meta">{n}</span>
          </button>
        ))}
      </div>
      {query.isPending && <Skeleton rows={5} height={56} />}
      {query.isError && <ErrorState compact problem={problemOf(query.error)} retry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <EmptyState title={t("noTimeline")} />}
      <ol>
        {items.map((item) => {
          const label = monthLabel(instant(item.at) ?? 0);
          const head = label !== month;
          month = label;
          return (
            <li key={item.id} className="last:[&>div]:before:hidden">
              {head && <p className="sticky top-0 z-20 -mx-1 mb-2 bg-surface/95 px-1 py-1 text-caption font-semibold text-text-3">{label}</p>}
              <Item item={item} />
            </li>
          );
        })}
      </ol>
      {query.hasNextPage && (
        <Button small busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </div>
  );
}
