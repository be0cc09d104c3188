import type { Condition, JourneyDefinition, JourneyStep } from "../api/types";
import { catalogue } from "../i18n/i18n";
import { formatMoney } from "../text/money";

export const t = catalogue("journey", {
  title: "Journeys",
  text: "What Parley does by itself, step by step, within consent and quiet hours.",
  none: "No journey yet",
  noneText: "A journey starts from an event, such as a cart that was left.",
  draft: "Draft",
  live: "Live",
  paused: "Paused",
  waiting: { one: "{n} person inside", other: "{n} people inside" },
  ended: { one: "{n} finished", other: "{n} finished" },
  version: "version {n}",
  problems: { one: "{n} problem to solve before it can be published", other: "{n} problems to solve before it can be published" },
  publish: "Publish",
  publishTitle: "Publish {name}?",
  publishText: "New people enter this version. The {n} who are inside finish on the version they began with.",
  pause: "Pause",
  resume: "Resume",
  paused2: "Nobody enters while it is paused; those inside go on.",
  cancel: "Cancel",
  failed: "Not done: {detail}",
  done: "{name} is {state}",
  entry: "Starts when",
  exit: "Ends when",
  reentry: "Again",
  outline: "Steps",
  runs: "People",
  person: "Customer",
  step: "Step",
  next: "Next",
  state: "State",
  started: "Started",
  noRuns: "Nobody has entered yet",
  here: { one: "{n} here", other: "{n} here" },
  else: "Everyone else",
  thenWait: "If it happens",
  elseWait: "When the time is over",
  thenHand: "When somebody sends it",
  elseHand: "When nobody takes it",
  evHappens: "“{event}” happens",
  where: "and {condition}",
  perKey: "once for each {key}",
  once: "once in a life",
  after: "when the last time is {after} ago",
  wait: "Wait {for}",
  waitUntil: "Wait {for}, or until “{event}”",
  branch: "Choose",
  send: "Send a {purpose} text",
  expires: "at most {expires} later",
  offer: "Issue a code of {offer}",
  hand: "Prepare a text for a person, who has {claim_within} to send it",
  set: "Set {attribute} to {value}",
  stop: "End",
  stopAs: "End as {result}",
  all: "{list}",
  and: " and ",
  or: " or ",
  not: "not ({list})",
  granted: "agreed to {consent}",
  missing: "did not agree to {consent}",
  ran: "the customer {run}",
  opEq: "is {value}",
  opNe: "is not {value}",
  opGt: "is more than {value}",
  opGte: "is at least {value}",
  opLt: "is less than {value}",
  opLte: "is at most {value}",
  opIn: "is one of {value}",
  opContains: "contains {value}",
  opExists: "is known",
  opMissing: "is unknown",
  always: "always",
  minutes: { one: "{n} minute", other: "{n} minutes" },
  hours: { one: "{n} hour", other: "{n} hours" },
  days: { one: "{n} day", other: "{n} days" },
});

const ops: Record<string, Parameters<typeof t>[0]> = {
  eq: "opEq",
  ne: "opNe",
  gt: "opGt",
  gte: "opGte",
  lt: "opLt",
  lte: "opLte",
  in: "opIn",
  contains: "opContains",
  exists: "opExists",
  missing: "opMissing",
};

const plain = (name: string) => name.replaceAll("_", " ");

function valueText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(", ") : String(value ?? "");
}

/** A condition as a sentence reads it. */
export function conditionText(condition: Condition | null | undefined, currency: string): string {
  if (!condition) return t("always");
  const list = (parts: Condition[], join: string) => parts.map((part) => conditionText(part, currency)).join(join);
  if (condition.all) return list(condition.all, t("and"));
  if (condition.any) return list(condition.any, t("or"));
  if (condition.none) return t("not", { list: list(condition.none, t("or")) });
  if (condition.consent) return t(condition.is === "missing" ? "missing" : "granted", { consent: plain(condition.consent) });
  if (condition.run) return t("ran", { run: plain(condition.run) });
  const name = condition.prop ?? condition.attr ?? "";
  const { value: raw } = condition;
  const money = name.endsWith("_minor") && typeof raw === "number" ? formatMoney({ minor: raw, currency }, true) : undefined;
  return `${plain(name.replace(/_minor$/, ""))} ${t(ops[condition.op ?? "eq"] ?? "opEq", { value: money ?? valueText(raw) })}`;
}

/** "30m", "36h" or "7d" as people say it. */
export function lengthText(text: string | undefined): string {
  const found = /^(\d+)([mhd])$/.exec(text ?? "");
  if (!found) return text ?? "";
  const unit = { m: "minutes", h: "hours", d: "days" }[found[2] as "m" | "h" | "d"] as "minutes" | "hours" | "days";
  return t(unit, { n: Number(found[1]) });
}

/** What a step does, in a sentence. */
export function stepText(step: JourneyStep): string {
  switch (step.type) {
    case "wait":
      return step.until ? t("waitUntil", { for: lengthText(step.for), event: plain(step.until.event) }) : t("wait", { for: lengthText(step.for) });
    case "branch":
      return t("branch");
    case "send":
      return t("send", { purpose: plain(step.purpose ?? "") }) + (step.expires ? `, ${t("expires", { expires: lengthText(step.expires) })}` : "");
    case "offer":
      return t("offer", { offer: step.offer ?? "" });
    case "hand":
      return t("hand", { claim_within: lengthText(step.claim_within) });
    case "set":
      return t("set", { attribute: plain(step.attribute ?? ""), value: valueText(step.value) });
    case "stop":
      return step.result ? t("stopAs", { result: plain(step.result) }) : t("stop");
  }
}

export interface Arm {
  label: string;
  steps: JourneyStep[];
}

/** The ways on from a step, each with its words. */
export function armsOf(step: JourneyStep, currency: string): Arm[] {
  const arms: Arm[] = (step.cases ?? []).map((each) => ({ label: each.name || conditionText(each.when, currency), steps: each.steps ?? [] }));
  const words: [Parameters<typeof t>[0], Parameters<typeof t>[0]] = step.type === "hand" ? ["thenHand", "elseHand"] : ["thenWait", "elseWait"];
  if (step.then?.length) arms.push({ label: t(words[0]), steps: step.then });
  if (step.else?.length || (step.type === "branch" && arms.length)) arms.push({ label: step.type === "branch" ? t("else") : t(words[1]), steps: step.else ?? [] });
  return arms;
}

/** How it starts, how often, and what ends it: the first lines of a journey. */
export function rulesOf(definition: JourneyDefinition, currency: string): [string, string][] {
  const event = (name: string, where?: Condition) => t("evHappens", { event: plain(name) }) + (where ? ` ${t("where", { condition: conditionText(where, currency) })}` : "");
  const { trigger, reentry } = definition;
  const again =
    reentry.rule === "per_key" ? t("perKey", { key: plain(trigger.key ?? "") }) : reentry.rule === "after" ? t("after", { after: lengthText(reentry.after) }) : t("once");
  return [
    [t("entry"), event(trigger.event, trigger.where)],
    [t("reentry"), again],
    ...(definition.exit ?? []).map((exit): [string, string] => [t("exit"), `${event(exit.event, exit.where)} → ${plain(exit.result)}`]),
  ];
}
