import { useQuery } from "@tanstack/react-query";
import { Ban, StickyNote } from "lucide-react";
import { queries } from "../api/queries";
import type { ConsentCard, Conversation } from "../api/types";
import { Button } from "../design/button";
import { keysOf } from "../keyboard/table";
import { workspaceNow } from "../state/clock";
import { instant, momentText } from "../text/time";
import { nameOf } from "./actions";
import { t } from "./text";

/** The newest withdrawal among the cards of a customer's texts. */
export function lastRevocation(cards: readonly ConsentCard[]): ConsentCard | undefined {
  return cards
    .filter((card) => card.medium === "sms" && (card.state === "revoked" || card.state === "blocked"))
    .toSorted((a, b) => (a.since < b.since ? 1 : -1))[0];
}

/** In place of the text box: who opted out when, and what would change it. */
export function Blocked({ conversation, onNote, onJump }: { conversation: Conversation; onNote: () => void; onJump: (message: string) => void }) {
  const cards = useQuery(queries.consent(conversation.person_id)).data?.cards ?? [];
  const card = lastRevocation(cards);
  const name = nameOf(conversation);
  const since = instant(card?.since);
  const time = since === undefined ? "" : momentText(since, workspaceNow());
  const byText = card?.message_id;
  return (
    <div className="border-t border-border bg-surface p-3 pb-[calc(0.75rem+env(safe-area-inset-bottom))]">
      <div className="flex gap-3 rounded-card border border-danger bg-danger-soft p-3">
        <Ban aria-hidden className="mt-0.5 size-5 shrink-0 text-danger" />
        <div className="min-w-0 space-y-2">
          <p className="font-semibold text-pretty">
            {!time ? t("optedOutPlain", { name }) : byText ? t("optedOut", { name, time }) : t("optedOutOther", { name, time, how: card?.how ?? "" })}
          </p>
          <p className="text-pretty text-text-2">
            {t("mustStart")}{" "}
            {byText && (
              <button type="button" className="link min-h-6" onClick={() => onJump(byText)}>
                {t("seeMessage")}
              </button>
            )}
          </p>
          <Button small icon={StickyNote} onClick={onNote} title={keysOf("note")}>
            {t("writeNote")}
          </Button>
        </div>
      </div>
    </div>
  );
}
