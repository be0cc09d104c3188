import { useQuery } from "@tanstack/react-query";
import { Waypoints } from "lucide-react";
import { itemsOf, queries } from "../api/queries";
import type { Prepared } from "../api/types";
import { Button } from "../design/button";
import { workspaceNow } from "../state/clock";
import { instant, span } from "../text/time";
import { t } from "./text";

/** Texts that a journey prepared: a person reads one, changes it if they like, and sends it. */
export function PreparedTexts({ person, onUse }: { person: string; onUse: (prepared: Prepared) => void }) {
  const items = itemsOf(useQuery(queries.prepared(person)).data);
  return items.map((prepared) => {
    const until = instant(prepared.until);
    return (
      <div key={prepared.id} className="fade-in mx-3 mt-3 flex gap-3 rounded-card border border-info bg-info-soft p-3">
        <Waypoints aria-hidden className="mt-0.5 size-4 shrink-0 text-info" />
        <div className="min-w-0 flex-1">
          <p className="text-caption font-semibold">
            {t("preparedBy", { name: prepared.title })}
            {until !== undefined && <span className="font-normal text-text-2"> · {t("preparedUntil", { span: span(until - workspaceNow()) })}</span>}
          </p>
          <p className="line-clamp-3 whitespace-pre-wrap" dir="auto">
            {prepared.text}
          </p>
        </div>
        <Button small look="primary" onClick={() => onUse(prepared)} className="self-end">
          {t("preparedUse")}
        </Button>
      </div>
    );
  });
}
