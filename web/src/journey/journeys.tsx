import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Route } from "lucide-react";
import { problemOf } from "../api/client";
import { itemsOf, queries } from "../api/queries";
import type { Journey } from "../api/types";
import { PageBody, PageHeader } from "../design/page";
import { Chip, EmptyState, ErrorState, Skeleton } from "../design/status";
import { t } from "./sentence";

export const journeyTones = { draft: "plain", live: "ok", paused: "warn" } as const;

export function insideOf(journey: Journey): number {
  return (journey.standings ?? []).filter((each) => each.state !== "ended" && !each.result).reduce((sum, each) => sum + each.count, 0);
}

export function endedOf(journey: Journey): number {
  return (journey.standings ?? []).reduce((sum, each) => sum + each.count, 0) - insideOf(journey);
}

/** What runs by itself, and how many people are in each. */
export function JourneysPage() {
  const query = useQuery(queries.journeys());
  const journeys = itemsOf(query.data);
  return (
    <div className="scroll h-full">
      <PageHeader title={t("title")} text={t("text")} />
      <PageBody>
        {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
        {query.isPending && <Skeleton rows={4} height={88} />}
        {query.isSuccess && journeys.length === 0 && <EmptyState icon={Route} title={t("none")} text={t("noneText")} />}
        <ul className="grid gap-3 md:grid-cols-2 lg:grid-cols-3">
          {journeys.map((journey) => (
            <li key={journey.id} className="relative rounded-card border border-border bg-surface p-4 hover:border-border-strong">
              <div className="flex items-start justify-between gap-2">
                <Link to="/journeys/$journey" params={{ journey: journey.id }} className="font-semibold after:absolute after:inset-0">
                  {journey.name}
                </Link>
                <Chip tone={journeyTones[journey.state]}>{t(journey.state)}</Chip>
              </div>
              {journey.draft.about && <p className="mt-1 line-clamp-2 text-text-2">{journey.draft.about}</p>}
              <p className="tabular mt-3 text-caption text-text-3">
                {t("waiting", { n: insideOf(journey) })} · {t("ended", { n: endedOf(journey) })}
              </p>
            </li>
          ))}
        </ul>
      </PageBody>
    </div>
  );
}
