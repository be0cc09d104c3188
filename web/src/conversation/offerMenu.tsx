import { useEffect, useId, useState, type RefObject } from "react";
import { useQuery } from "@tanstack/react-query";
import { Ticket } from "lucide-react";
import { call } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { Code, Offer } from "../api/types";
import { cx } from "../design/cx";
import { notify } from "../shell/undo";
import { formatMoney } from "../text/money";
import { t } from "./text";

interface OfferMenuProps {
  person: string;
  query: string;
  box: RefObject<HTMLTextAreaElement | null>;
  onInsert: (text: string) => void;
  onClose: () => void;
}

export function worthOf(offer: Offer): string {
  if (offer.worth) return offer.worth;
  if (offer.kind === "percent") return `${offer.percent ?? 0}%`;
  return offer.kind === "amount" ? formatMoney(offer.amount) : "";
}

/** Opened by "/" in the text: the offers that this agent may give; choosing one issues this customer's own code. */
export function OfferMenu({ person, query, box, onInsert, onClose }: OfferMenuProps) {
  const all = itemsOf(useQuery(queries.offers()).data);
  const [at, setAt] = useState(0);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const wanted = query.trim().toLowerCase().replace(/^code\s*/, "");
  const offers = all.filter((offer) => offer.agent_grantable !== false && `${offer.name} ${worthOf(offer)} ${offer.prefix ?? ""}`.toLowerCase().includes(wanted));
  const chosen = offers[Math.min(at, offers.length - 1)];

  const give = async (offer: Offer) => {
    if (offer.allowed === false || busy) return;
    setBusy(true);
    const result = await call<Code>("POST", `/people/${encodeURIComponent(person)}/codes`, { body: { offer_id: offer.id } });
    setBusy(false);
    if (!result.ok) {
      notify(t("codeFailed", { detail: result.problem.detail }), { tone: "danger" });
      return onClose();
    }
    void queryClient.invalidateQueries({ queryKey: ["person-codes", person] });
    onInsert(result.data.url || result.data.code);
  };

  useEffect(() => {
    const field = box.current;
    if (!field) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.isComposing || event.altKey) return;
      if (event.key === "ArrowDown") setAt((n) => Math.min(offers.length - 1, n + 1));
      else if (event.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
      else if ((event.key === "Enter" || event.key === "Tab") && chosen && !event.ctrlKey && !event.metaKey) void give(chosen);
      else if (event.key === "Escape") onClose();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    field.addEventListener("keydown", onKey);
    field.setAttribute("aria-controls", id);
    if (chosen) field.setAttribute("aria-activedescendant", `${id}-${chosen.id}`);
    return () => {
      field.removeEventListener("keydown", onKey);
      field.removeAttribute("aria-activedescendant");
      field.removeAttribute("aria-controls");
    };
  });

  return (
    <div className="rise absolute inset-x-3 bottom-full z-20 mb-1 max-h-64 overflow-y-auto rounded-card border border-border bg-raised p-1 shadow-pop sm:end-auto sm:w-80">
      <p className="px-2 py-1 text-meta font-semibold text-text-3">{t("offers")}</p>
      {offers.length === 0 && <p className="px-2 pb-2 text-text-2">{t("noOffers")}</p>}
      <div role="listbox" id={id} aria-label={t("offers")}>
        {offers.map((offer) => (
          <div
            key={offer.id}
            id={`${id}-${offer.id}`}
            role="option"
            aria-selected={offer === chosen}
            aria-disabled={offer.allowed === false || undefined}
            onPointerDown={(event) => {
              event.preventDefault();
              void give(offer);
            }}
            className={cx("flex min-h-9 cursor-pointer items-center gap-2 rounded-control px-2 py-1", offer === chosen && "bg-accent-soft", offer.allowed === false && "opacity-60")}
          >
            <Ticket aria-hidden className="size-4 shrink-0 text-text-3" />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{offer.name}</span>
              {offer.allowed === false ? (
                <span className="block text-caption text-text-3">{t("outOfLimits")}</span>
              ) : (
                worthOf(offer).toLowerCase() !== offer.name.toLowerCase() && <span className="block text-caption text-text-3">{worthOf(offer)}</span>
              )}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
