import { useContext, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Eye, FastForward, PackageCheck, RotateCcw, ShoppingCart, Trash2 } from "lucide-react";
import { queries } from "../api/queries";
import type { SimDials, SimPhone } from "../api/types";
import { Button } from "../design/button";
import { Check, Field, Select } from "../design/form";
import { workspaceNow } from "../state/clock";
import { instant, span } from "../text/time";
import { allowed, MeContext } from "../shell/me";
import { browse, reset, setDials, shop, skip, type Handle, type ShopAction } from "./api";
import { t } from "./text";

const shopActions: [ShopAction, typeof Eye][] = [
  ["checkout", ShoppingCart],
  ["order", PackageCheck],
  ["empty", Trash2],
];

/** What a customer does in the shop, with the very webhook that a shop would send. */
export function ShopButtons({ handle }: { handle: Handle }) {
  const [sent, setSent] = useState<unknown>();
  const [busy, setBusy] = useState("");
  const me = useContext(MeContext);
  const run = async (action: string, act: () => Promise<unknown>) => {
    setBusy(action);
    const answer = await act();
    setBusy("");
    if (answer) setSent(answer);
  };
  return (
    <div>
      <p className="pb-1 text-caption font-semibold text-text-3">{t("shop")}</p>
      <div className="grid grid-cols-2 gap-1.5">
        {me && allowed(me, "event.write") && (
          <Button small icon={Eye} busy={busy === "browse"} onClick={() => void run("browse", () => browse(handle))}>
            {t("browse")}
          </Button>
        )}
        {shopActions.map(([action, icon]) => (
          <Button key={action} small icon={icon} busy={busy === action} onClick={() => void run(action, () => shop(handle, action))}>
            {t(action)}
          </Button>
        ))}
      </div>
      {sent !== undefined && (
        <details className="mt-2 text-caption">
          <summary>{t("sent")}</summary>
          <pre tabIndex={0} className="scroll mt-1 max-h-40 overflow-x-auto rounded-field bg-sunken p-2 font-mono text-meta">
            {JSON.stringify(sent, null, 2)}
          </pre>
        </details>
      )}
    </div>
  );
}

/** Moves only the demo's clock, to the next thing that is due or by a span. */
export function ClockButtons() {
  const clock = useQuery({ ...queries.simClock(), refetchInterval: 10_000 }).data;
  const [busy, setBusy] = useState("");
  const due = instant(clock?.next_due);
  const run = async (key: string, body: Parameters<typeof skip>[0]) => {
    setBusy(key);
    await skip(body);
    setBusy("");
  };
  if (clock && !clock.movable) return null;
  const left = due === undefined ? undefined : Math.max(0, due - workspaceNow());
  return (
    <div>
      <p className="pb-1 text-caption font-semibold text-text-3">{t("clock")}</p>
      <div className="flex flex-wrap gap-1.5">
        <Button small look="primary" icon={FastForward} disabled={left === undefined} busy={busy === "next"} onClick={() => void run("next", { to_next: true })}>
          {left === undefined ? t("skipNothing") : t("skipNext", { span: span(left) })}
        </Button>
        <Button small busy={busy === "hour"} onClick={() => void run("hour", { seconds: 3600 })}>
          <span aria-hidden>{t("skipHourShort")}</span>
          <span className="sr-only">{t("skipHour")}</span>
        </Button>
        <Button small busy={busy === "day"} onClick={() => void run("day", { seconds: 86_400 })}>
          <span aria-hidden>{t("skipDayShort")}</span>
          <span className="sr-only">{t("skipDay")}</span>
        </Button>
      </div>
    </div>
  );
}

const usual: SimDials = { latency_ms: 300, receipts: true, fail_code: "", duplicate: false, out_of_order: false, carrier_stop: false };

/** How the pretended carrier behaves: the ugly paths are there too. */
export function Dials({ phone, handle }: { phone: SimPhone; handle: Handle }) {
  const [dials, setLocal] = useState<SimDials>(phone.dials ?? usual);
  const change = (patch: Partial<SimDials>) => {
    const next = { ...dials, ...patch };
    setLocal(next);
    void setDials(handle, next);
  };
  return (
    <details>
      <summary className="text-caption font-semibold text-text-3">{t("dials")}</summary>
      <div className="space-y-2 pt-2">
        <div className="grid grid-cols-2 gap-2">
          <Field
            label={t("latency")}
            type="number"
            min={0}
            max={600_000}
            step={100}
            value={dials.latency_ms}
            onChange={(event) => change({ latency_ms: Math.max(0, Math.round(Number(event.target.value) || 0)) })}
          />
          <Select label={t("failure")} value={dials.fail_code} onChange={(event) => change({ fail_code: event.target.value })}>
            <option value="">{t("noFailure")}</option>
            <option value="30003">{t("f30003")}</option>
            <option value="30005">{t("f30005")}</option>
            <option value="30007">{t("f30007")}</option>
          </Select>
        </div>
        <Check label={t("receipts")} checked={dials.receipts} onChange={(event) => change({ receipts: event.target.checked })} />
        <Check label={t("duplicate")} checked={dials.duplicate} onChange={(event) => change({ duplicate: event.target.checked })} />
        <Check label={t("outOfOrder")} checked={dials.out_of_order} onChange={(event) => change({ out_of_order: event.target.checked })} />
        <Check label={t("carrierStop")} checked={dials.carrier_stop} onChange={(event) => change({ carrier_stop: event.target.checked })} />
        <Button small icon={RotateCcw} onClick={() => void reset(handle, phone.name)}>
          {t("reset")}
        </Button>
      </div>
    </details>
  );
}
