/** Shapes of /api/v1. Times are RFC 3339 texts, "" when unset. */

export type * from "./admin";
export type * from "./growth";

import type { GrantLimits } from "./admin";

export interface Money {
  minor: number;
  currency: string;
}

/** What one of many costs, in millionths of the currency's unit. */
export interface Price {
  micros: number;
  currency: string;
}

export interface Page<T> {
  items: T[];
  next?: string;
  total?: number;
}

export interface Named {
  id: string;
  name: string;
}

export interface Settings {
  brand?: string;
  program?: string;
  support_contact?: string;
  terms_url?: string;
  undo_seconds?: number;
  cart_delay?: string;
  frequency_per_month?: number;
  quiet_start?: string;
  quiet_end?: string;
  sunday_start?: string;
  link_domain?: string;
  transactional_quiet_exempt?: boolean;
  agent_limits?: GrantLimits;
  [key: string]: unknown;
}

export interface Me {
  account: { id: string; name: string; email: string };
  member: { id: string; role: string; name: string; limits?: GrantLimits };
  workspace: {
    id: string;
    slug: string;
    name: string;
    country: string;
    timezone: string;
    currency: string;
    demo: boolean;
    pilot?: boolean;
    settings: Settings;
  };
  workspaces?: { id: string; slug: string; name: string; demo: boolean }[] | null;
  permissions: string[];
  clock: { now: string; skipped_seconds: number };
}

export interface SetupState {
  needed: boolean;
  code_required: boolean;
  guess: { timezone: string; country: string; currency: string };
  code_path?: string;
}

export interface Checklist {
  items: { key: string; title: string; done: boolean; link: string }[];
  hidden: boolean;
}

export type View = "mine" | "unassigned" | "bot" | "snoozed" | "closed" | "all" | "open";
export type Floor = "none" | "bot" | "member";

export interface Conversation {
  person_id: string;
  name: string;
  number: string;
  avatar_initials: string;
  preview: string;
  preview_author: "you" | "bot" | "note" | "customer" | "journey" | "campaign" | "agent" | "system" | "";
  preview_author_name: string;
  last_at: string;
  waiting_since: string;
  overdue: boolean;
  unread: number;
  seen: boolean;
  channel_kind: string;
  owner?: Named;
  status: "quiet" | "open" | "snoozed" | "closed";
  /** Words that may be an opt-out wait for a person's decision. */
  needs_review?: boolean;
  floor: Floor;
  tags: string[] | null;
  snoozed_until: string;
  episode?: { id: string; number: number; status: "open" | "closed" | "snoozed"; topic: string; opened_at: string };
  cart?: { id: string; state: string; total: Money };
  opted_out: boolean;
  viewers: (Named & { composing?: boolean })[] | null;
  /** Of the newest thing that was said. */
  seq: number;
  version: number;
}

export type AuthorKind = "customer" | "agent" | "bot" | "journey" | "campaign" | "system";
export type MessageState =
  | "undo"
  | "held"
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "read"
  | "failed"
  | "unknown"
  | "dropped"
  | "received"
  | "";

export interface Media {
  url: string;
  content_type: string;
  name: string;
  size: number;
}

export interface Message {
  id: string;
  person_id: string;
  kind: "in" | "out" | "note" | "event";
  author: { kind: AuthorKind; id: string; name: string };
  text: string;
  media: Media[] | null;
  at: string;
  received_at: string;
  delayed: boolean;
  channel_kind: string;
  from: string;
  to: string;
  purpose: string;
  state: MessageState;
  state_at: string;
  hold_until?: string;
  undo_until?: string;
  reason?: { code: string; text: string; action: string };
  segments: number;
  encoding: string;
  price?: Money;
  episode_id: string;
  seq: number;
  why?: Record<string, unknown>;
  simulated: boolean;
  event?: { type: string; title: string; props?: Record<string, unknown> | null; link?: string };
  client_key: string;
}

export interface MessagePage extends Page<Message> {
  first: boolean;
  last: boolean;
}

export interface Episode {
  id: string;
  number: number;
  status: "open" | "closed" | "snoozed";
  topic: string;
  owner?: Named;
  opened_at: string;
  closed_at: string;
  result: string;
  messages: number;
}

export interface Identity {
  kind: string;
  value: string;
  verified_at: string;
  source: string;
}

export interface Person {
  id: string;
  name: string;
  given_name: string;
  family_name: string;
  identities: Identity[] | null;
  language: string;
  timezone: string;
  local_time: string;
  quiet: { open: boolean; until: string; text: string };
  country: string;
  state: string;
  zip: string;
  attributes: Record<string, unknown> | null;
  tags: string[] | null;
  value: Money;
  orders: number;
  last_order_at: string;
  created_at: string;
  preferred_channel: string;
  version: number;
}

export interface ConsentEvent {
  id: string;
  at: string;
  action: string;
  source: string;
  text?: string;
  disclosure?: string;
  actor?: string;
  message_id?: string;
}

/** A text that a journey prepared for a person to send. */
export interface Prepared {
  id: string;
  title: string;
  text: string;
  purpose: string;
  subject: string;
  made_at: string;
  until: string;
}

export interface ConsentCard {
  medium: string;
  address: string;
  purpose: string;
  state: "granted" | "pending" | "revoked" | "none" | "blocked";
  allowed: boolean;
  text: string;
  since: string;
  how: string;
  source: string;
  disclosure: string;
  actor: string;
  message_id?: string;
  events: ConsentEvent[] | null;
}

export interface TimelineItem {
  id: string;
  kind: string;
  at: string;
  title: string;
  text: string;
  icon: string;
  link: string;
  props?: Record<string, unknown> | null;
}

export interface FeedEvent {
  seq: number;
  topic: string;
  person_id: string;
  body: Record<string, unknown> | null;
}
