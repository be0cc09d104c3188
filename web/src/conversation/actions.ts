import { call } from "../api/client";
import { queryClient } from "../api/queries";
import type { Conversation } from "../api/types";
import { notify } from "../shell/undo";
import { workspaceNow } from "../state/clock";
import { dateTime } from "../text/time";
import { guess, refreshConversation } from "./lists";
import { t } from "./text";

interface Act {
  conversation: Conversation;
  path: string;
  body?: object;
  /** How the row looks at once. */
  change?: Partial<Conversation>;
  /** What the notice says; none without it. */
  done?: string;
}

/** Does it, shows it at once, and offers the way back that the server gives. */
async function act({ conversation, path, body, change, done }: Act): Promise<boolean> {
  const person = conversation.person_id;
  if (change) guess(person, { ...change, version: conversation.version });
  const result = await call<{ undo_token?: string } | undefined>("POST", `/conversations/${encodeURIComponent(person)}/${path}`, { body: body ?? {} });
  refreshConversation(person);
  void queryClient.invalidateQueries({ queryKey: ["counts"] });
  if (!result.ok) {
    notify(t("failed", { detail: result.problem.detail }), { tone: "danger" });
    return false;
  }
  const token = result.data?.undo_token;
  if (done) notify(done, token ? { undo: () => void undo(token, person) } : {});
  return true;
}

export async function undo(token: string, person: string): Promise<void> {
  const result = await call("POST", `/undo/${encodeURIComponent(token)}`);
  if (!result.ok) notify(t("failed", { detail: result.problem.detail }), { tone: "danger" });
  if (person) refreshConversation(person);
  void queryClient.invalidateQueries({ queryKey: ["counts"] });
}

const turned = (conversation: Conversation, status: "open" | "closed" | "snoozed"): Partial<Conversation> => ({
  status,
  ...(conversation.episode ? { episode: { ...conversation.episode, status } } : {}),
});

export const actions = {
  close: (c: Conversation) =>
    act({
      conversation: c,
      path: "close",
      change: { ...turned(c, "closed"), snoozed_until: "", waiting_since: "", overdue: false, unread: 0 },
      done: t("closedDone", { name: nameOf(c) }),
    }),
  reopen: (c: Conversation) => act({ conversation: c, path: "reopen", change: { ...turned(c, "open"), snoozed_until: "" } }),
  snooze: (c: Conversation, until: Date) =>
    act({
      conversation: c,
      path: "snooze",
      body: { until: until.toISOString() },
      change: { snoozed_until: until.toISOString(), ...turned(c, "snoozed") },
      done: t("snoozedDone", { name: nameOf(c), time: dateTime(until.getTime(), workspaceNow()) }),
    }),
  assign: (c: Conversation, member: { id: string; name: string } | undefined) => {
    const { owner: _, ...rest } = c;
    return act({
      conversation: c,
      path: "assign",
      body: { member_id: member?.id ?? "" },
      change: member ? { owner: member } : rest,
      done: member ? t("assignedDone", { name: nameOf(c), owner: member.name }) : t("unassignedDone", { name: nameOf(c) }),
    });
  },
  claim: (c: Conversation, me: { id: string; name: string }) =>
    act({ conversation: c, path: "claim", change: { owner: me }, done: t("assignedDone", { name: nameOf(c), owner: me.name }) }),
  /** Takes the floor from the bot, which is silent before the answer comes; nothing is shown ahead of it. */
  takeOver: (c: Conversation) => act({ conversation: c, path: "take-over" }),
  handBack: (c: Conversation) => act({ conversation: c, path: "hand-back" }),
  read: (c: Conversation) => act({ conversation: c, path: "read", change: { unread: 0 } }),
  unread: (c: Conversation) => act({ conversation: c, path: "unread", change: { unread: Math.max(1, c.unread) } }),
  tag: (c: Conversation, add: string[], remove: string[]) =>
    act({ conversation: c, path: "tag", body: { add, remove }, change: { tags: [...(c.tags ?? []).filter((tag) => !remove.includes(tag)), ...add] } }),
  optOut: (c: Conversation, note: string) => act({ conversation: c, path: "opt-out", body: { note } }),
};

export function nameOf(c: Pick<Conversation, "name" | "number">): string {
  return c.name || c.number;
}

/** Times to come back to a conversation, in the agent's day. */
export function snoozeTimes(now: number): { key: "in1h" | "in3h" | "tomorrow" | "monday"; at: Date }[] {
  const morning = (days: number) => {
    const at = new Date(now);
    at.setDate(at.getDate() + days);
    at.setHours(9, 0, 0, 0);
    return at;
  };
  const toMonday = (8 - new Date(now).getDay()) % 7 || 7;
  return [
    { key: "in1h", at: new Date(now + 3_600_000) },
    { key: "in3h", at: new Date(now + 3 * 3_600_000) },
    { key: "tomorrow", at: morning(1) },
    { key: "monday", at: morning(toMonday) },
  ];
}
