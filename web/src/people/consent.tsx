import { useState, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, Check, ChevronDown, CircleDashed, Clock } from "lucide-react";
import { call, problemOf, type Problem } from "../api/client";
import { queries, queryClient } from "../api/queries";
import type { ConsentCard } from "../api/types";
import { Button } from "../design/button";
import { cx } from "../design/cx";
import { Dialog, DialogActions } from "../design/dialog";
import { Area } from "../design/form";
import { Chip, ErrorState, type ChipTone } from "../design/status";
import { allowed, useMe } from "../shell/me";
import { workspaceNow } from "../state/clock";
import { dateTime, instant } from "../text/time";
import { t } from "./text";

const purposes = ["marketing", "cart", "transactional", "support", "loyalty"] as const;

export function purposeName(purpose: string): string {
  return (purposes as readonly string[]).includes(purpose) ? t(purpose as (typeof purposes)[number]) : purpose;
}

const looks = {
  granted: { tone: "ok", icon: Check, word: "granted" },
  pending: { tone: "warn", icon: Clock, word: "pending" },
  revoked: { tone: "danger", icon: Ban, word: "revoked" },
  blocked: { tone: "danger", icon: Ban, word: "blocked" },
  none: { tone: "plain", icon: CircleDashed, word: "none_state" },
} as const satisfies Record<string, { tone: ChipTone; icon: typeof Check; word: Parameters<typeof t>[0] }>;

/** Where each purpose stands, with the evidence one press away. */
export function ConsentSection({ person }: { person: string }) {
  const me = useMe();
  const consent = useQuery(queries.consent(person));
  const [asked, setAsked] = useState<{ card: ConsentCard; action: "grant" | "revoke" }>();
  const [open, setOpen] = useState("");
  const cards = (consent.data?.cards ?? []).toSorted((a, b) => purposes.indexOf(a.purpose as never) - purposes.indexOf(b.purpose as never));
  if (consent.isError) return <ErrorState compact problem={problemOf(consent.error)} retry={() => void consent.refetch()} />;
  return (
    <ul className="divide-y divide-border">
      {cards.map((card) => {
        const look = looks[card.state] ?? looks.none;
        const key = `${card.medium}/${card.address}/${card.purpose}`;
        const since = instant(card.since);
        return (
          <li key={key}>
            <button type="button" aria-expanded={open === key} onClick={() => setOpen(open === key ? "" : key)} className="flex min-h-9 w-full items-center gap-2 text-start">
              <span className="min-w-0 flex-1 truncate">
                {purposeName(card.purpose)}
                {card.medium !== "sms" && <span className="text-text-3"> {t("of", { medium: card.medium })}</span>}
              </span>
              <Chip tone={look.tone} icon={look.icon}>
                {t(look.word)}
              </Chip>
              <ChevronDown aria-hidden className={cx("size-3.5 text-text-3 transition-transform duration-(--quick)", open === key && "rotate-180")} />
            </button>
            {open === key && (
              <div className="fade-in space-y-2 pb-3 text-caption text-text-2">
                <p>
                  {card.text || card.how}
                  {since !== undefined && <time> · {dateTime(since, workspaceNow())}</time>}
                </p>
                {card.actor && <p>{t("recordedBy", { name: card.actor })}</p>}
                {card.disclosure && (
                  <figure>
                    <figcaption className="font-medium">{t("wording")}</figcaption>
                    <blockquote className="mt-0.5 border-s-2 border-border-strong ps-2">{card.disclosure}</blockquote>
                  </figure>
                )}
                <History card={card} />
                <div className="flex flex-wrap gap-2">
                  {card.message_id && (
                    <Link to="/c/$person" params={{ person }} search={{ m: card.message_id }} className="link min-h-6">
                      {t("toMessage")}
                    </Link>
                  )}
                  {allowed(me, "consent.write") && (
                    <Button small onClick={() => setAsked({ card, action: card.allowed ? "revoke" : "grant" })}>
                      {t(card.allowed ? "revoke" : "grant")}
                    </Button>
                  )}
                </div>
              </div>
            )}
          </li>
        );
      })}
      {asked && <ConsentDialog person={person} {...asked} onClose={() => setAsked(undefined)} />}
    </ul>
  );
}

function History({ card }: { card: ConsentCard }) {
  const events = card.events ?? [];
  if (events.length === 0) return null;
  return (
    <details>
      <summary>{t("history", { n: events.length })}</summary>
      <ol className="mt-1 space-y-1 border-s border-border ps-2">
        {events.map((event) => (
          <li key={event.id}>
            <time className="text-text-3">{dateTime(instant(event.at) ?? 0, workspaceNow())}</time> {event.action} · {event.source}
            {event.text && <q className="block italic">{event.text}</q>}
          </li>
        ))}
      </ol>
    </details>
  );
}

function ConsentDialog({ person, card, action, onClose }: { person: string; card: ConsentCard; action: "grant" | "revoke"; onClose: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      medium: card.medium,
      address: card.address,
      purpose: card.purpose,
      action,
      wording: String(form.get("wording") ?? ""),
      note: String(form.get("note") ?? ""),
    };
    const result = await call("POST", `/people/${encodeURIComponent(person)}/consent`, { body });
    if (!result.ok) return setProblem(result.problem);
    await queryClient.invalidateQueries({ queryKey: ["consent", person] });
    onClose();
  };
  return (
    <Dialog open title={`${t(action)}: ${purposeName(card.purpose)}`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="space-y-3">
        {action === "grant" && <p className="text-text-2">{t("grantText")}</p>}
        {action === "grant" && <Area label={t("grantWording")} name="wording" rows={3} required autoFocus />}
        <Area label={t("grantNote")} name="note" rows={2} required />
        {problem && <ErrorState problem={problem} compact />}
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look={action === "grant" ? "primary" : "danger"}>
            {t(action)}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
