import { useState, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { Plus, Ticket } from "lucide-react";
import { call, fieldError, problemOf, type Problem } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { Offer } from "../api/types";
import { worthOf } from "../conversation/offerMenu";
import { Button } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Check, Field, Select } from "../design/form";
import { Card, PageBody, PageHeader, Table, Td, Th } from "../design/page";
import { Chip, EmptyState, ErrorState, Skeleton } from "../design/status";
import { catalogue } from "../i18n/i18n";
import { allowed, useMe } from "../shell/me";
import { formatNumber, minorPerUnit, parseAmount } from "../text/money";

const t = catalogue("offers", {
  title: "Offers",
  text: "Each customer gets one code of their own per offer; the same offer twice gives the same code.",
  add: "New offer",
  edit: "Change {name}",
  name: "Name",
  worth: "Worth",
  kind: "Kind",
  percent: "Percent off",
  amount: "Amount off",
  free_shipping: "Free shipping",
  issued: "Issued",
  redeemed: "Redeemed",
  expired: "Expired",
  left: "Left",
  unlimited: "No limit",
  prefix: "Beginning of its codes",
  prefixHelp: "Capital letters and digits without 0, O, 1 and I. ERA makes ERA-7K2QX9PA.",
  days: "A code is valid for, days",
  daysHelp: "0 for ever.",
  max: "At most so many codes",
  maxHelp: "0 without a limit.",
  grantable: "Agents may give it within their limits",
  agents: "Agents",
  yes: "may give it",
  no: "journeys only",
  none: "No offer yet",
  noneText: "Begin with free shipping: it is the smallest gift that brings most carts back.",
  save: "Save",
  cancel: "Cancel",
  badAmount: "Write an amount such as 5.00",
});

function OfferDialog({ offer, onClose }: { offer: Offer | undefined; onClose: () => void }) {
  const me = useMe();
  const { currency } = me.workspace;
  const [kind, setKind] = useState<Offer["kind"]>(offer?.kind ?? "free_shipping");
  const [problem, setProblem] = useState<Problem>();
  const [badAmount, setBadAmount] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const minor = kind === "amount" ? parseAmount(text("amount"), currency) : 0;
    setBadAmount(minor === undefined);
    if (minor === undefined) return;
    const body = {
      name: text("name"),
      kind,
      ...(kind === "percent" ? { percent: Number(text("percent")) } : {}),
      ...(kind === "amount" ? { amount: { minor, currency } } : {}),
      ...(text("prefix") ? { prefix: text("prefix") } : {}),
      expires_seconds: Math.round(Number(text("days")) * 86_400),
      max_codes: Math.round(Number(text("max"))),
      agent_grantable: form.get("grantable") === "on",
    };
    const result = offer ? await call("PUT", `/offers/${encodeURIComponent(offer.id)}`, { body }) : await call("POST", "/offers", { body });
    if (!result.ok) return setProblem(result.problem);
    await queryClient.invalidateQueries({ queryKey: ["offers"] });
    onClose();
  };
  return (
    <Dialog open title={offer ? t("edit", { name: offer.name }) : t("add")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="space-y-3">
        <Field label={t("name")} name="name" required maxLength={80} defaultValue={offer?.name} error={fieldError(problem, "name")} autoFocus />
        <Select label={t("kind")} value={kind} onChange={(event) => setKind(event.target.value as Offer["kind"])}>
          <option value="free_shipping">{t("free_shipping")}</option>
          <option value="percent">{t("percent")}</option>
          <option value="amount">{t("amount")}</option>
        </Select>
        {kind === "percent" && <Field label={t("percent")} name="percent" type="number" min={1} max={100} required defaultValue={offer?.percent ?? 10} />}
        {kind === "amount" && (
          <Field
            label={`${t("amount")} (${currency})`}
            name="amount"
            inputMode="decimal"
            required
            defaultValue={offer?.amount ? String(offer.amount.minor / minorPerUnit(currency)) : ""}
            error={badAmount ? t("badAmount") : undefined}
          />
        )}
        <Field label={t("prefix")} help={t("prefixHelp")} name="prefix" maxLength={12} pattern="[A-HJ-NP-Z2-9]*" defaultValue={offer?.prefix} error={fieldError(problem, "prefix")} />
        <div className="grid grid-cols-2 gap-3">
          <Field label={t("days")} help={t("daysHelp")} name="days" type="number" min={0} max={1825} step="any" required defaultValue={(offer?.expires_seconds ?? 604_800) / 86_400} />
          <Field label={t("max")} help={t("maxHelp")} name="max" type="number" min={0} required defaultValue={offer?.max_codes ?? 0} />
        </div>
        <Check label={t("grantable")} name="grantable" defaultChecked={offer?.agent_grantable ?? true} />
        {problem && <ErrorState problem={problem} compact />}
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="primary">
            {t("save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** What can be given to customers, and what became of the codes. */
export function OffersPage() {
  const me = useMe();
  const query = useQuery(queries.offers());
  const [open, setOpen] = useState<{ offer?: Offer }>();
  const offers = itemsOf(query.data);
  const may = allowed(me, "offer.write");
  const add = may && (
    <Button look="primary" icon={Plus} onClick={() => setOpen({})}>
      {t("add")}
    </Button>
  );
  return (
    <div className="scroll h-full">
      <PageHeader title={t("title")} text={t("text")} actions={offers.length > 0 && add} />
      <PageBody>
        {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
        {query.isPending && <Skeleton rows={4} height={48} />}
        {query.isSuccess && offers.length === 0 && (
          <EmptyState
            icon={Ticket}
            title={t("none")}
            text={t("noneText")}
            action={add}
            sample={
              <p className="flex items-center gap-2">
                <Ticket aria-hidden className="size-4 text-text-3" />
                <code className="font-mono font-semibold">ERA-7K2QX9PA</code>
                <Chip tone="ok">{t("redeemed")}</Chip>
              </p>
            }
          />
        )}
        {offers.length > 0 && (
          <Card flush>
            <Table
              label={t("title")}
              head={
                <>
                  <Th>{t("name")}</Th>
                  <Th>{t("worth")}</Th>
                  <Th>{t("agents")}</Th>
                  <Th end>{t("issued")}</Th>
                  <Th end>{t("redeemed")}</Th>
                  <Th end>{t("expired")}</Th>
                  <Th end>{t("left")}</Th>
                </>
              }
            >
              {offers.map((offer) => (
                <tr key={offer.id} className="relative hover:bg-hover">
                  <Td className="font-medium">
                    {may ? (
                      <button type="button" onClick={() => setOpen({ offer })} className="text-start after:absolute after:inset-0">
                        {offer.name}
                      </button>
                    ) : (
                      offer.name
                    )}
                  </Td>
                  <Td>{worthOf(offer) || t(offer.kind)}</Td>
                  <Td className="text-text-2">{t(offer.agent_grantable ? "yes" : "no")}</Td>
                  <Td end>{formatNumber(offer.pool?.issued ?? 0)}</Td>
                  <Td end>{formatNumber(offer.pool?.redeemed ?? 0)}</Td>
                  <Td end>{formatNumber(offer.pool?.expired ?? 0)}</Td>
                  <Td end>{offer.pool === undefined || offer.pool.left < 0 ? t("unlimited") : formatNumber(offer.pool.left)}</Td>
                </tr>
              ))}
            </Table>
          </Card>
        )}
      </PageBody>
      {open && <OfferDialog offer={open.offer} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
