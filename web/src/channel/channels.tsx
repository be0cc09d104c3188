import { useState, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX, Plus, Radio } from "lucide-react";
import { call, problemOf, type Problem } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { Channel, ChannelCheck, ChannelKind, ChannelSetting, ChannelTrouble } from "../api/types";
import { Button } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Area, Check, Field, Select } from "../design/form";
import { Card } from "../design/page";
import { Chip, EmptyState, ErrorState, Skeleton } from "../design/status";
import { CopyField } from "../org/copy";
import { t } from "../org/text";
import { when } from "../people/sections";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { formatNumber } from "../text/money";
import { UnknownOutcomes } from "./unknown";

const tones = { active: "ok", stopped: "plain", error: "danger" } as const;

/** ✓ and ✗ with what was found and what to do. */
export function Checks({ checks }: { checks: readonly ChannelCheck[] }) {
  return (
    <ul role="status" aria-label={t("checks")} className="space-y-2">
      {checks.map((check) => {
        const Icon = check.ok ? CircleCheck : CircleX;
        return (
          <li key={check.key} className="flex gap-2">
            <Icon aria-label={check.ok ? "✓" : "✗"} className={check.ok ? "mt-0.5 size-4 shrink-0 text-ok" : "mt-0.5 size-4 shrink-0 text-danger"} />
            <span className="min-w-0">
              <b className="font-medium">{check.title}</b>
              <span className="block text-caption text-text-2">{check.detail}</span>
              {!check.ok && check.fix && <span className="block text-caption">{check.fix}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** What carriers told, with what it means and what to do. */
function Troubles({ troubles }: { troubles: readonly ChannelTrouble[] }) {
  return (
    <ul aria-label={t("troubles")} className="space-y-2">
      {troubles.map((trouble) => (
        <li key={`${trouble.code} ${trouble.sender} ${trouble.source}`}>
          <span className="flex flex-wrap items-center gap-2">
            <b className="font-medium">{trouble.text}</b>
            {trouble.stops && <Chip tone="danger">{trouble.until ? t("stopsUntil", { at: when(trouble.until) }) : t("stops")}</Chip>}
          </span>
          <span className="block text-caption">{trouble.do}</span>
          <span className="block text-meta text-text-3">
            {t("troubleSeen", { code: trouble.provider_code, count: formatNumber(trouble.count), at: when(trouble.last_at) })}
            {trouble.source && ` · ${trouble.source}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function SettingField({ setting, value, stored }: { setting: ChannelSetting; value: string | undefined; stored: boolean }) {
  const name = `set.${setting.key}`;
  const help = setting.type === "secret" && stored ? t("secretSet") : setting.help;
  const required = setting.required && !(setting.type === "secret" && stored);
  const standard = value ?? setting.default ?? "";
  if (setting.type === "bool") return <Check label={setting.label} help={help} name={name} value="true" defaultChecked={standard === "true"} />;
  if (setting.type === "choice")
    return (
      <Select label={setting.label} help={help} name={name} defaultValue={standard}>
        {(setting.choices ?? []).map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </Select>
    );
  if (setting.type === "list") return <Area label={setting.label} help={help} name={name} rows={3} required={required} defaultValue={standard} />;
  const type = { secret: "password", number: "number", url: "url", phone: "tel", text: "text" }[setting.type];
  return <Field label={setting.label} help={help} name={name} type={type} required={required} defaultValue={setting.type === "secret" ? "" : standard} autoComplete="off" spellCheck={false} />;
}

function read(form: FormData, kind: ChannelKind, name: string, channel: Channel | undefined) {
  const settings: Record<string, string> = {};
  for (const { key, type } of kind.settings) {
    const value = String(form.get(`set.${key}`) ?? "").trim();
    if (type === "bool") settings[key] = value === "true" ? "true" : "false";
    else if (value || type !== "secret") settings[key] = value;
  }
  return { kind: kind.kind, name, settings, ...(channel ? { version: channel.version, state: channel.state === "stopped" ? "stopped" : "active" } : {}) };
}

/** Credentials in, live check, then saved: nothing is saved half-working unless somebody insists. */
function ChannelDialog({ kinds, channel, onClose }: { kinds: ChannelKind[]; channel: Channel | undefined; onClose: () => void }) {
  const [kindKey, setKind] = useState(channel?.kind ?? kinds[0]?.kind ?? "");
  const [checks, setChecks] = useState<ChannelCheck[]>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const kind = kinds.find((each) => each.kind === kindKey);
  if (!kind) return null;
  const failed = checks?.some((check) => !check.ok);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = read(form, kind, channel?.name ?? String(form.get("name")).trim(), channel);
    setBusy(true);
    setProblem(undefined);
    const insist = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") === "anyway";
    if (!insist) {
      const checked = await call<{ checks: ChannelCheck[] | null }>("POST", "/channels/check", { body });
      if (!checked.ok) {
        setBusy(false);
        return setProblem(checked.problem);
      }
      setChecks(checked.data.checks ?? []);
      if (checked.data.checks?.some((check) => !check.ok)) return setBusy(false);
    }
    const saved = channel ? await call("PUT", `/channels/${encodeURIComponent(channel.id)}`, { body }) : await call("POST", "/channels", { body });
    setBusy(false);
    if (!saved.ok) return setProblem(saved.problem);
    await queryClient.invalidateQueries({ queryKey: ["channels"] });
    onClose();
  };
  return (
    <Dialog open title={channel ? channel.name : t("addChannel")} onClose={onClose} wide>
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        {!channel && (
          <div className="grid gap-3 sm:grid-cols-2">
            <Select label={t("kind")} help={kind.summary} value={kindKey} onChange={(event) => setKind(event.target.value)}>
              {kinds.map((each) => (
                <option key={each.kind} value={each.kind}>
                  {each.name}
                </option>
              ))}
            </Select>
            <Field label={t("channelName")} help={t("channelNameHelp")} name="name" pattern="[a-z0-9_\-]+" required defaultValue={kind.kind} key={kindKey} />
          </div>
        )}
        <div key={kindKey} className="grid gap-3 sm:grid-cols-2">
          {kind.settings.map((setting) => (
            <SettingField key={setting.key} setting={setting} value={channel?.settings?.[setting.key]} stored={channel?.secrets_set?.includes(setting.key) ?? false} />
          ))}
        </div>
        {kind.guide && (
          <details>
            <summary className="text-caption font-medium">{t("guide")}</summary>
            <p className="mt-1 text-caption whitespace-pre-wrap text-text-2">{kind.guide}</p>
          </details>
        )}
        {checks && <Checks checks={checks} />}
        {problem && <ErrorState problem={problem} compact />}
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          {failed && (
            <Button type="submit" value="anyway" look="danger" disabled={busy}>
              {t("saveAnyway")}
            </Button>
          )}
          <Button type="submit" look="primary" busy={busy}>
            {failed ? t("checkAgain") : `${t("check")} · ${t("save")}`}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function RemoveDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const [text, setText] = useState("");
  const remove = async () => {
    const result = await call("DELETE", `/channels/${encodeURIComponent(channel.id)}`);
    if (!result.ok) notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
    await queryClient.invalidateQueries({ queryKey: ["channels"] });
    onClose();
  };
  return (
    <Dialog open title={t("removeTitle", { name: channel.name })} onClose={onClose}>
      <div className="space-y-3">
        <Field label={t("removeText")} value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" />
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button look="danger" disabled={text !== channel.name} onClick={() => void remove()}>
            {t("remove")}
          </Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}

function ChannelCard({ channel, kind, onEdit, onRemove }: { channel: Channel; kind: ChannelKind | undefined; onEdit: () => void; onRemove: () => void }) {
  const me = useMe();
  const health = useQuery({ ...queries.channelHealth(channel.id), refetchInterval: 15_000 }).data;
  const [checks, setChecks] = useState<ChannelCheck[]>();
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    const result = await call<{ checks: ChannelCheck[] | null }>("POST", `/channels/${encodeURIComponent(channel.id)}/check`, { body: {} });
    setBusy(false);
    if (result.ok) setChecks(result.data.checks ?? []);
    else notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
  };
  const resume = async () => {
    setBusy(true);
    const result = await call("POST", `/channels/${encodeURIComponent(channel.id)}/resume`, { body: {} });
    setBusy(false);
    if (!result.ok) notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
    await queryClient.invalidateQueries({ queryKey: ["channels"] });
    await queryClient.invalidateQueries({ queryKey: ["channel-health", channel.id] });
  };
  const waits = channel.state === "error" || health?.troubles.some((trouble) => trouble.stops);
  const lines: [string, string][] = health
    ? [
        [t("lastIn"), when(health.last_inbound_at) || t("never")],
        [t("lastReceipt"), when(health.last_receipt_at) || t("never")],
        [t("errors"), `${formatNumber(health.error_rate)} % (${formatNumber(health.failed)}/${formatNumber(health.attempts)})`],
        [t("queue"), formatNumber(health.queue_depth) + (health.queue_more ? "+" : "")],
        [t("held"), formatNumber(health.held)],
      ]
    : [];
  return (
    <Card
      title={
        <span className="flex items-center gap-2">
          {channel.name} <span className="font-normal text-text-3">{kind?.name ?? channel.kind}</span>
          <Chip tone={tones[channel.state]}>{t(channel.state)}</Chip>
        </span>
      }
      actions={
        allowed(me, "channel.write") && (
          <span className="flex gap-1.5 py-1">
            {waits && (
              <Button small look="primary" busy={busy} onClick={() => void resume()}>
                {t("resume")}
              </Button>
            )}
            <Button small busy={busy} onClick={() => void check()}>
              {t("check")}
            </Button>
            <Button small onClick={onEdit}>
              {t("edit")}
            </Button>
            <Button small look="danger" onClick={onRemove}>
              {t("remove")}
            </Button>
          </span>
        )
      }
    >
      <div className="space-y-3">
        {channel.reason && <p className="text-danger">{channel.reason}</p>}
        {channel.settings?.number && (
          <p className="text-section font-semibold">
            <bdi dir="ltr">{channel.settings.number}</bdi>
          </p>
        )}
        <dl className="grid grid-cols-2 gap-2 sm:grid-cols-5">
          {lines.map(([label, value]) => (
            <div key={label}>
              <dt className="text-meta text-text-3">{label}</dt>
              <dd className="tabular font-medium">{value}</dd>
            </div>
          ))}
        </dl>
        {health && health.troubles.length > 0 && <Troubles troubles={health.troubles} />}
        {checks && <Checks checks={checks} />}
        {channel.webhook_url && <CopyField label={t("webhook")} value={channel.webhook_url} />}
        {channel.webhook_url && !health?.last_inbound_at && <p className="text-caption text-text-3">{t("waitingInbound")}</p>}
      </div>
    </Card>
  );
}

export function ChannelsSection() {
  const me = useMe();
  const query = useQuery({ ...queries.channels(), refetchInterval: 15_000 });
  const kinds = itemsOf(useQuery(queries.channelKinds()).data);
  const [editing, setEditing] = useState<{ channel?: Channel }>();
  const [removing, setRemoving] = useState<Channel>();
  const channels = itemsOf(query.data);
  const add = allowed(me, "channel.write") && (
    <Button look="primary" icon={Plus} onClick={() => setEditing({})} disabled={kinds.length === 0}>
      {t("addChannel")}
    </Button>
  );
  return (
    <>
      {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={3} height={90} />}
      {query.isSuccess && channels.length === 0 && <EmptyState icon={Radio} title={t("noChannels")} text={t("noChannelsText")} action={add} />}
      {channels.length > 0 && add}
      {channels.map((channel) => (
        <ChannelCard
          key={channel.id}
          channel={channel}
          kind={kinds.find((kind) => kind.kind === channel.kind)}
          onEdit={() => setEditing({ channel })}
          onRemove={() => setRemoving(channel)}
        />
      ))}
      <UnknownOutcomes />
      {editing && <ChannelDialog kinds={kinds} channel={editing.channel} onClose={() => setEditing(undefined)} />}
      {removing && <RemoveDialog channel={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}
