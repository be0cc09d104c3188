import { useState, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { Check, KeyRound, Minus, SlidersHorizontal, UserCheck, UserPlus, UserX } from "lucide-react";
import { call, problemOf, type Problem } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { GrantLimits, Invite, Member, Role } from "../api/types";
import { Avatar } from "../design/avatar";
import { Button } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Check as CheckBox, Field, Select } from "../design/form";
import { Menu, type MenuItem } from "../design/menu";
import { Card, Table, Td, Th } from "../design/page";
import { Chip, ErrorState, Skeleton } from "../design/status";
import { Qr } from "../sim/qrView";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { when } from "../people/sections";
import { formatMoney, formatPercent, minorPerUnit, parseAmount } from "../text/money";
import { CopyField } from "./copy";
import { t } from "./text";

const roles: Role[] = ["owner", "admin", "lead", "marketer", "agent", "viewer"];
const unlimited = 1 << 30;

/** What a member may give, in a line. */
export function limitsText(limits: GrantLimits, currency: string): string {
  if (limits.per_day >= unlimited) return t("limitAll");
  const parts = [
    limits.max_percent > 0 ? formatPercent(limits.max_percent / 100) : "",
    limits.max_amount > 0 ? formatMoney({ minor: limits.max_amount, currency }, true) : "",
    limits.free_shipping ? t("limitShipping").toLowerCase() : "",
  ].filter(Boolean);
  return parts.length && limits.per_day > 0 ? `${parts.join(", ")} · ${t("perDay", { n: limits.per_day })}` : t("limitNone");
}

async function update(member: Member, change: { role?: Role; limits?: GrantLimits; disabled?: boolean }): Promise<void> {
  const result = await call("PATCH", `/members/${encodeURIComponent(member.id)}`, { body: change });
  if (result.ok) notify(t("saved"));
  else notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
  await queryClient.invalidateQueries({ queryKey: ["members"] });
}

function MemberRow({ member, onLimits, onReset }: { member: Member; onLimits: () => void; onReset: () => void }) {
  const me = useMe();
  const mayLimit = allowed(me, "member.limit");
  const mayWrite = allowed(me, "member.write");
  const self = member.id === me.member.id;
  const items: MenuItem[] = [
    ...(mayLimit ? [{ key: "limits", label: t("limits"), icon: SlidersHorizontal, run: onLimits }] : []),
    ...(mayWrite ? [{ key: "reset", label: t("reset"), icon: KeyRound, run: onReset }] : []),
    ...(mayWrite && !self
      ? [
          member.disabled
            ? { key: "enable", label: t("enable"), icon: UserCheck, run: () => void update(member, { disabled: false }) }
            : { key: "disable", label: t("disable"), icon: UserX, danger: true, run: () => void update(member, { disabled: true }) },
        ]
      : []),
  ];
  return (
    <tr>
      <Td>
        <span className="flex items-center gap-2.5">
          <Avatar voice="agent" name={member.name} />
          <span className="min-w-0">
            <span className="block font-medium">
              {member.name} {self && <span className="font-normal text-text-3">({t("you")})</span>} {member.disabled && <Chip tone="danger">{t("disabled")}</Chip>}
            </span>
            <span className="block text-caption text-text-3">{member.email}</span>
          </span>
        </span>
      </Td>
      <Td>
        {mayWrite && !self ? (
          <select aria-label={`${t("role")}: ${member.name}`} value={member.role} onChange={(event) => void update(member, { role: event.target.value as Role })} className="field !w-auto">
            {roles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        ) : (
          member.role
        )}
      </Td>
      <Td className="min-w-40 text-text-2">{limitsText(member.limits, me.workspace.currency)}</Td>
      <Td className="whitespace-nowrap text-text-2">{when(member.seen_at)}</Td>
      <Td end>
        {items.length > 0 && (
          <Menu
            label={member.name}
            items={items}
            trigger={(trigger) => (
              <Button small {...trigger}>
                {t("edit")}
              </Button>
            )}
          />
        )}
      </Td>
    </tr>
  );
}

export function LimitFields({ limits, currency }: { limits: GrantLimits; currency: string }) {
  const whole = limits.per_day >= unlimited;
  return (
    <>
      <div className="grid grid-cols-2 items-end gap-3 sm:grid-cols-3">
        <Field label={t("limitPercent")} name="percent" type="number" min={0} max={100} required defaultValue={limits.max_percent} />
        <Field
          label={`${t("limitAmount")} (${currency})`}
          name="amount"
          inputMode="decimal"
          required
          defaultValue={whole ? "0" : String(limits.max_amount / minorPerUnit(currency))}
        />
        <Field label={t("limitDay")} name="day" type="number" min={0} max={10_000} required defaultValue={whole ? 20 : limits.per_day} />
      </div>
      <CheckBox label={t("limitShipping")} name="shipping" defaultChecked={limits.free_shipping} />
    </>
  );
}

/** Limits as the form has them. */
export function readLimits(form: FormData, currency: string): GrantLimits {
  return {
    max_percent: Math.round(Number(form.get("percent"))),
    max_amount: parseAmount(String(form.get("amount")), currency) ?? 0,
    free_shipping: form.get("shipping") === "on",
    per_day: Math.round(Number(form.get("day"))),
  };
}

function LimitsDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const { currency } = useMe().workspace;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void update(member, { limits: readLimits(new FormData(event.currentTarget), currency) });
    onClose();
  };
  return (
    <Dialog open title={t("changeLimits", { name: member.name })} onClose={onClose}>
      <form onSubmit={submit} className="space-y-3">
        <LimitFields limits={member.limits} currency={currency} />
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

function InviteDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<Invite>();
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get("email") ?? "").trim();
    const result = await call<Invite>("POST", "/members/invite", { body: { role: form.get("role"), ...(email ? { email } : {}) } });
    if (!result.ok) return setProblem(result.problem);
    setMade(result.data);
    await queryClient.invalidateQueries({ queryKey: ["invites"] });
  };
  return (
    <Dialog open title={t("inviteTitle")} onClose={onClose}>
      {made?.url ? (
        <div className="space-y-3">
          <CopyField label={t("inviteMade", { time: when(made.expires_at) })} value={made.url} />
          <div className="mx-auto max-w-56">
            <Qr text={made.url} label={t("inviteTitle")} />
          </div>
        </div>
      ) : (
        <form onSubmit={(event) => void submit(event)} className="space-y-3">
          <p className="text-text-2">{t("inviteText")}</p>
          <Select label={t("role")} name="role" defaultValue="agent">
            {roles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </Select>
          <Field label={t("inviteEmail")} name="email" type="email" />
          {problem && <ErrorState problem={problem} compact />}
          <DialogActions>
            <Button onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" look="primary">
              {t("invite")}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}

function Invites() {
  const invites = itemsOf(useQuery(queries.invites()).data);
  if (invites.length === 0) return null;
  const revoke = async (invite: Invite) => {
    await call("DELETE", `/invites/${encodeURIComponent(invite.id)}`);
    await queryClient.invalidateQueries({ queryKey: ["invites"] });
  };
  return (
    <Card title={t("inviteOpen")}>
      <ul className="space-y-2">
        {invites.map((invite) => (
          <li key={invite.id} className="flex items-center justify-between gap-3">
            <span>
              {invite.role} · {invite.email ? t("inviteFor", { email: invite.email }) : t("inviteAnyone")}
            </span>
            <Button small onClick={() => void revoke(invite)}>
              {t("revoke")}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Each permission against each role, to be read and not guessed. */
function Matrix() {
  const { data } = useQuery(queries.roles());
  if (!data) return null;
  return (
    <Card flush title={t("roles")}>
      <Table
        label={t("roles")}
        head={
          <>
            <Th>{t("permission")}</Th>
            {data.roles.map((role) => (
              <Th key={role} middle>
                {role}
              </Th>
            ))}
          </>
        }
      >
        {data.permissions.map((row) => (
          <tr key={row.permission} className="hover:bg-hover">
            <Td className="!py-1.5 first-letter:uppercase">{row.permission.replace(".", ": ").replaceAll("_", " ")}</Td>
            {data.roles.map((role) => {
              const may = row.roles?.includes(role);
              const Icon = may ? Check : Minus;
              return (
                <Td key={role} className="!py-1.5 text-center">
                  <Icon aria-label={t(may ? "may" : "mayNot")} className={may ? "mx-auto size-4 text-ok" : "mx-auto size-4 text-text-3 opacity-40"} />
                </Td>
              );
            })}
          </tr>
        ))}
      </Table>
    </Card>
  );
}

export function TeamSection() {
  const me = useMe();
  const query = useQuery(queries.members());
  const [limits, setLimits] = useState<Member>();
  const [inviting, setInviting] = useState(false);
  const [link, setLink] = useState<string>();
  const mayWrite = allowed(me, "member.write");
  const reset = async (member: Member) => {
    const result = await call<{ url: string }>("POST", `/members/${encodeURIComponent(member.id)}/reset-link`);
    if (result.ok) setLink(result.data.url);
    else notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
  };
  if (query.isError) return <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={4} />;
  return (
    <>
      <Card
        flush
        title={t("team")}
        actions={
          mayWrite && (
            <Button small look="primary" icon={UserPlus} onClick={() => setInviting(true)}>
              {t("invite")}
            </Button>
          )
        }
      >
        <Table
          label={t("team")}
          head={
            <>
              <Th>{t("member")}</Th>
              <Th>{t("role")}</Th>
              <Th>{t("limits")}</Th>
              <Th>{t("lastSeen")}</Th>
              <Th>
                <span className="sr-only">{t("edit")}</span>
              </Th>
            </>
          }
        >
          {itemsOf(query.data).map((member) => (
            <MemberRow key={member.id} member={member} onLimits={() => setLimits(member)} onReset={() => void reset(member)} />
          ))}
        </Table>
      </Card>
      {mayWrite && <Invites />}
      <Matrix />
      {limits && <LimitsDialog member={limits} onClose={() => setLimits(undefined)} />}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
      {link && (
        <Dialog open title={t("reset")} onClose={() => setLink(undefined)}>
          <CopyField label={t("resetMade")} value={link} />
        </Dialog>
      )}
    </>
  );
}
