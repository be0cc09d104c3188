import { useState, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Copy, LogOut, Package, Route, Ticket } from "lucide-react";
import { call } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { Cart, Code } from "../api/types";
import { cartReasons, cartTone, cartWord, reasonWord } from "../commerce/states";
import { Button, IconButton } from "../design/button";
import { Select } from "../design/form";
import { Chip } from "../design/status";
import { notify } from "../shell/undo";
import { workspaceNow } from "../state/clock";
import { formatMoney } from "../text/money";
import { dateTime, instant } from "../text/time";
import { t } from "./text";

export function Section({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <section className="border-t border-border px-4 py-3">
      <header className="mb-1 flex min-h-6 items-center justify-between">
        <h3 className="text-caption font-semibold text-text-3">{title}</h3>
        {action}
      </header>
      {children}
    </section>
  );
}

export function when(text: string | undefined): string {
  const at = instant(text);
  return at === undefined ? "" : dateTime(at, workspaceNow());
}

export async function saveReason(cart: Cart, reason: string, note = cart.reason_note): Promise<void> {
  const result = await call("PUT", `/carts/${encodeURIComponent(cart.id)}/reason`, { body: { reason, note } });
  if (!result.ok) notify(t("saveFailed", { detail: result.problem.detail }), { tone: "danger" });
  await Promise.all([queryClient.invalidateQueries({ queryKey: ["carts"] }), queryClient.invalidateQueries({ queryKey: ["person-carts", cart.person_id] })]);
}

export function CartCard({ cart }: { cart: Cart }) {
  const lines = cart.items ?? [];
  const [copied, setCopied] = useState(false);
  const ended = ["recovered", "bought", "expired", "emptied"].includes(cart.state);
  return (
    <div className="space-y-2 rounded-card border border-border bg-sunken p-3">
      <div className="flex items-center justify-between gap-2">
        <Chip tone={cartTone(cart.state)}>{cartWord(cart.state)}</Chip>
        <span className="tabular font-semibold">{formatMoney(cart.total)}</span>
      </div>
      <ul className="space-y-1">
        {lines.map((line) => (
          <li key={`${line.product_id}${line.variant}`} className="flex gap-2 text-caption">
            <span className="min-w-0 flex-1 truncate">
              {line.quantity > 1 && `${line.quantity} × `}
              {line.title}
              {line.variant && <span className="text-text-3"> · {line.variant}</span>}
            </span>
            <span className="tabular text-text-2">{formatMoney(line.price)}</span>
          </li>
        ))}
      </ul>
      {cart.abandoned_at && <p className="text-caption text-text-3">{t("abandoned", { time: when(cart.abandoned_at) })}</p>}
      {cart.state !== "active" && (
        <Select label={t("reason")} value={cart.reason} onChange={(event) => void saveReason(cart, event.target.value)}>
          <option value="">{t("reasonNone")}</option>
          {cartReasons.map((reason) => (
            <option key={reason} value={reason}>
              {reasonWord(reason)}
            </option>
          ))}
        </Select>
      )}
      {cart.restore_url && !ended && (
        <Button small icon={Copy} onClick={() => void navigator.clipboard.writeText(cart.restore_url).then(() => setCopied(true))}>
          {copied ? t("copied") : t("restore")}
        </Button>
      )}
    </div>
  );
}

export function CartSection({ person }: { person: string }) {
  const carts = itemsOf(useQuery(queries.personCarts(person)).data);
  const [newest] = carts;
  return (
    <Section title={t("carts")}>
      {newest ? <CartCard cart={newest} /> : <p className="text-text-3">{t("noCart")}</p>}
    </Section>
  );
}

export function OrdersSection({ person }: { person: string }) {
  const orders = itemsOf(useQuery(queries.personOrders(person)).data);
  return (
    <Section title={t("ordersTitle")}>
      {orders.length === 0 && <p className="text-text-3">{t("noOrders")}</p>}
      <ul className="space-y-1.5">
        {orders.slice(0, 5).map((order) => (
          <li key={order.id} className="flex items-center gap-2">
            <Package aria-hidden className="size-4 shrink-0 text-text-3" />
            <span className="min-w-0 flex-1 truncate">
              {order.name || order.id}
              <span className="text-caption text-text-3"> · {when(order.placed_at)}</span>
            </span>
            <span className="tabular font-medium">{formatMoney(order.total)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function JourneysSection({ person, name }: { person: string; name: string }) {
  const runs = itemsOf(useQuery(queries.personJourneys(person)).data);
  const exit = async (run: string) => {
    const result = await call("POST", `/journey-runs/${encodeURIComponent(run)}/exit`, { body: {} });
    notify(result.ok ? t("exited", { name }) : t("saveFailed", { detail: result.problem.detail }), result.ok ? {} : { tone: "danger" });
    await queryClient.invalidateQueries({ queryKey: ["person-journeys", person] });
  };
  return (
    <Section title={t("journeys")}>
      {runs.length === 0 && <p className="text-text-3">{t("noJourneys")}</p>}
      <ul className="space-y-1.5">
        {runs.map((run) => (
          <li key={run.run_id} className="flex items-center gap-2">
            <Route aria-hidden className="size-4 shrink-0 text-info" />
            <span className="min-w-0 flex-1">
              <Link to="/journeys/$journey" params={{ journey: run.journey_id }} className="block truncate font-medium hover:underline">
                {run.name}
              </Link>
              <span className="block truncate text-caption text-text-3">{[run.step, run.next_at && t("nextAt", { time: when(run.next_at) })].filter(Boolean).join(" · ")}</span>
            </span>
            <IconButton small label={t("exit")} icon={LogOut} onClick={() => void exit(run.run_id)} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

const codeTones = { issued: "accent", redeemed: "ok", expired: "plain" } as const;

function CodeRow({ code }: { code: Code }) {
  return (
    <li className="flex items-center gap-2">
      <Ticket aria-hidden className="size-4 shrink-0 text-text-3" />
      <span className="min-w-0 flex-1">
        <code className="block truncate font-mono text-caption font-semibold select-all">{code.code}</code>
        <span className="block truncate text-caption text-text-3">
          {code.worth || code.offer}
          {code.state === "issued" && code.expires_at && ` · ${t("expires", { time: when(code.expires_at) })}`}
        </span>
      </span>
      <Chip tone={codeTones[code.state] ?? "plain"}>{t(code.state)}</Chip>
    </li>
  );
}

export function CodesSection({ person }: { person: string }) {
  const { data } = useQuery(queries.personCodes(person));
  const codes = data?.items ?? [];
  const links = data?.links ?? [];
  return (
    <Section title={t("codes")}>
      {codes.length + links.length === 0 && <p className="text-text-3">{t("noCodes")}</p>}
      <ul className="space-y-2">
        {codes.map((code) => (
          <CodeRow key={code.code} code={code} />
        ))}
        {links.map((link) => (
          <li key={link.url} className="text-caption">
            <span className="block truncate">{link.url}</span>
            <span className="text-text-3">
              {t("clicks", { n: link.clicks })} · {t("previews", { n: link.previews })}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
