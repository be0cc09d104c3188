import { useState, type FormEvent, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { Check as CheckIcon } from "lucide-react";
import { call, fieldError, problemOf, type Problem } from "../api/client";
import { queries, queryClient } from "../api/queries";
import type { Settings } from "../api/types";
import { Button } from "../design/button";
import { Check, Field } from "../design/form";
import { Card } from "../design/page";
import { ErrorState, Skeleton } from "../design/status";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { useNow } from "../state/clock";
import { clockTime } from "../text/time";
import { CopyField } from "./copy";
import { LimitFields, readLimits } from "./team";
import { t } from "./text";

/** A form over the settings: what it has not shown stays as it was. */
function SettingsForm({ read, children }: { read: (form: FormData) => Partial<Settings>; children: (settings: Settings, problem: Problem | undefined) => ReactNode }) {
  const me = useMe();
  const query = useQuery(queries.settings());
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  if (query.isError) return <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={5} height={60} />;
  const { data } = query;
  const may = allowed(me, "settings.write");
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = { ...data, ...read(new FormData(event.currentTarget)) };
    setBusy(true);
    const result = await call<Settings>("PUT", "/settings", { body });
    setBusy(false);
    if (!result.ok) return setProblem(result.problem);
    setProblem(undefined);
    queryClient.setQueryData(queries.settings().queryKey, result.data);
    void queryClient.invalidateQueries({ queryKey: ["me"] });
    notify(t("saved"));
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4">
      {!may && <p className="text-text-2">{t("noPermission", { role: me.member.role })}</p>}
      <fieldset disabled={!may} className="space-y-4">
        {children(data, problem)}
      </fieldset>
      {problem && <ErrorState problem={problem} compact />}
      {may && (
        <Button type="submit" look="primary" busy={busy}>
          {t("save")}
        </Button>
      )}
    </form>
  );
}

const text = (form: FormData, name: string) => String(form.get(name) ?? "").trim();

export function BrandSection() {
  return (
    <SettingsForm
      read={(form) => ({
        brand: text(form, "brand"),
        program: text(form, "program"),
        support_contact: text(form, "support_contact"),
        terms_url: text(form, "terms_url"),
        link_domain: text(form, "link_domain"),
        undo_seconds: Number(text(form, "undo_seconds")),
        cart_delay: text(form, "cart_delay"),
      })}
    >
      {(settings, problem) => (
        <Card>
          <div className="grid gap-4 md:grid-cols-2">
            <Field label={t("brandName")} name="brand" defaultValue={settings.brand} required maxLength={80} error={fieldError(problem, "brand")} />
            <Field label={t("program")} name="program" defaultValue={settings.program} maxLength={80} />
            <Field label={t("support")} help={t("supportHelp")} name="support_contact" defaultValue={settings.support_contact} maxLength={120} />
            <Field label={t("terms")} name="terms_url" type="url" defaultValue={settings.terms_url} error={fieldError(problem, "terms_url")} />
            <Field label={t("domain")} help={t("domainHelp")} name="link_domain" defaultValue={settings.link_domain} error={fieldError(problem, "link_domain")} />
            <Field label={t("undo")} help={t("undoHelp")} name="undo_seconds" type="number" min={0} max={10} required defaultValue={settings.undo_seconds} />
            <Field label={t("cartDelay")} help={t("cartDelayHelp")} name="cart_delay" required defaultValue={settings.cart_delay} error={fieldError(problem, "cart_delay")} />
          </div>
        </Card>
      )}
    </SettingsForm>
  );
}

const samples = [
  ["Maria, Milan", "Europe/Rome"],
  ["John, New York", "America/New_York"],
  ["Mei, Los Angeles", "America/Los_Angeles"],
] as const;

/** Hours of a day as fractions, from "09:00". */
function hour(time: string | undefined, standard: number): number {
  const [h = "", m = "0"] = (time ?? "").split(":");
  const value = Number(h) + Number(m) / 60;
  return h === "" || Number.isNaN(value) ? standard : value;
}

/** When texts may go, on a strip of 24 hours for three customers, with the present moment. */
function QuietStrip({ settings }: { settings: Settings }) {
  const now = useNow(60_000);
  const open = hour(settings.quiet_end, 9);
  const shut = hour(settings.quiet_start, 20);
  return (
    <figure>
      <figcaption className="pb-2 text-caption font-medium text-text-2">{t("strip")}</figcaption>
      <ul className="space-y-2">
        {samples.map(([name, zone]) => {
          const local = clockTime(now, zone);
          const at = hour(local, 0);
          const free = at >= open && at < shut;
          return (
            <li key={name} className="grid grid-cols-2 items-center gap-x-3 gap-y-1 text-caption sm:grid-cols-[8rem_1fr_9rem]">
              <span>{name}</span>
              <span aria-hidden className="relative block h-4 overflow-hidden rounded-full bg-warn-soft max-sm:order-last max-sm:col-span-2">
                <span className="absolute inset-y-0 bg-ok-soft" style={{ insetInlineStart: `${(open / 24) * 100}%`, width: `${((shut - open) / 24) * 100}%` }} />
                <span className="absolute inset-y-0 w-0.5 bg-text" style={{ insetInlineStart: `${(at / 24) * 100}%` }} />
              </span>
              <span className="tabular max-sm:text-end">
                {local} · {t(free ? "stripOpen" : "stripQuiet")}
              </span>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}

export function ComplianceSection() {
  const { currency, slug } = useMe().workspace;
  return (
    <>
      <SettingsForm
        read={(form) => ({
          quiet_start: text(form, "quiet_start"),
          quiet_end: text(form, "quiet_end"),
          sunday_start: text(form, "sunday_start"),
          frequency_per_month: Number(text(form, "frequency")),
          transactional_quiet_exempt: form.get("exempt") === "on",
          agent_limits: readLimits(form, currency),
        })}
      >
        {(settings, problem) => (
          <>
            <Card title={t("quiet")}>
              <div className="space-y-4">
                <div className="grid max-w-xl grid-cols-2 items-end gap-3 sm:grid-cols-3">
                  <Field label={t("quietStart")} name="quiet_start" type="time" required defaultValue={settings.quiet_start} error={fieldError(problem, "quiet_start")} />
                  <Field label={t("quietEnd")} name="quiet_end" type="time" required defaultValue={settings.quiet_end} error={fieldError(problem, "quiet_end")} />
                  <Field label={t("sunday")} name="sunday_start" type="time" required defaultValue={settings.sunday_start} error={fieldError(problem, "sunday_start")} />
                </div>
                <p className="text-caption text-text-3">{t("quietNote")}</p>
                <QuietStrip settings={settings} />
                <Check label={t("exempt")} name="exempt" defaultChecked={settings.transactional_quiet_exempt ?? false} />
                <div className="max-w-xs">
                  <Field label={t("frequency")} help={t("frequencyHelp")} name="frequency" type="number" min={1} max={60} required defaultValue={settings.frequency_per_month} />
                </div>
              </div>
            </Card>
            <Card title={t("limitsTitle")}>
              <div className="max-w-xl space-y-3">
                <LimitFields limits={settings.agent_limits ?? { max_percent: 0, max_amount: 0, free_shipping: false, per_day: 0 }} currency={currency} />
              </div>
            </Card>
          </>
        )}
      </SettingsForm>
      <Card title={t("stopPage")}>
        <div className="space-y-3">
          <p className="max-w-prose text-text-2">{t("stopPageText")}</p>
          <CopyField label={t("stopPageAddress")} value={`${location.origin}/p/${slug}/stop`} />
          <a className="link inline-block min-h-6" href={`/p/${slug}/stop`} target="_blank" rel="noreferrer">
            {t("stopPageOpen")}
          </a>
        </div>
      </Card>
      <Card title={t("enforced")}>
        <ul className="space-y-1.5">
          {(["enforcedList1", "enforcedList2", "enforcedList3", "enforcedList4", "enforcedList5"] as const).map((line) => (
            <li key={line} className="flex gap-2">
              <CheckIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
              {t(line)}
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}
