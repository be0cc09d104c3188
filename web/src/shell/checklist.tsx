import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { Check, Circle, X } from "lucide-react";
import { call } from "../api/client";
import { queries, queryClient } from "../api/queries";
import { IconButton } from "../design/button";
import { cx } from "../design/cx";
import { narrow, useMedia } from "../design/media";
import { catalogue } from "../i18n/i18n";

const t = catalogue("checklist", {
  title: "First steps",
  progress: "{done} of {all}",
  hide: "Hide first steps",
  done: "done",
  open: "not yet",
});

export async function hideChecklist(hidden: boolean): Promise<void> {
  await call("PUT", "/checklist", { body: { hidden } });
  await queryClient.invalidateQueries({ queryKey: ["checklist"] });
}

/** Five steps that tick themselves from what really happened. It can be hidden, and brought back in the palette. */
export function ChecklistCard() {
  const { data } = useQuery(queries.checklist());
  const { pathname } = useLocation();
  const isNarrow = useMedia(narrow);
  const items = data?.items ?? [];
  const done = items.filter((item) => item.done).length;
  if (!data || data.hidden || items.length === 0 || done === items.length || !(pathname === "/inbox" || (pathname.startsWith("/c/") && !isNarrow))) return null;
  return (
    <section aria-label={t("title")} className="flex items-center gap-3 overflow-x-auto border-b border-border bg-canvas px-4 py-1.5">
      <h2 className="text-caption font-semibold whitespace-nowrap">
        {t("title")} <span className="tabular font-normal text-text-3">{t("progress", { done, all: items.length })}</span>
      </h2>
      <ol className="flex flex-1 items-center gap-1.5">
        {items.map((item) => {
          const Icon = item.done ? Check : Circle;
          return (
            <li key={item.key}>
              <Link
                to={item.link}
                className={cx(
                  "inline-flex min-h-6 items-center gap-1 rounded-full border px-2 text-caption whitespace-nowrap",
                  item.done ? "border-transparent bg-ok-soft text-ok" : "border-border bg-surface text-text-2 hover:border-border-strong hover:text-text",
                )}
              >
                <Icon aria-label={t(item.done ? "done" : "open")} className="size-3.5" />
                {item.title}
              </Link>
            </li>
          );
        })}
      </ol>
      <IconButton small label={t("hide")} icon={X} onClick={() => void hideChecklist(true)} />
    </section>
  );
}
