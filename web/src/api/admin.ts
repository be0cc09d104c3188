/** Shapes of the workspace itself: team, channels, keys, simulated phones. */

import type { Message } from "./types";

export interface GrantLimits {
  max_percent: number;
  max_amount: number;
  free_shipping: boolean;
  per_day: number;
}

export type Role = "owner" | "admin" | "lead" | "marketer" | "agent" | "viewer";

export interface ChannelSetting {
  key: string;
  label: string;
  type: "text" | "secret" | "number" | "bool" | "choice" | "url" | "phone" | "list";
  choices?: string[];
  default?: string;
  required: boolean;
  help: string;
}

export interface ChannelKind {
  kind: string;
  name: string;
  summary: string;
  settings: ChannelSetting[];
  guide: string;
  capabilities?: Record<string, unknown>;
}

export interface Channel {
  id: string;
  kind: string;
  name: string;
  settings: Record<string, string> | null;
  secrets_set: string[] | null;
  state: "active" | "stopped" | "error";
  reason: string;
  webhook_url: string;
  version: number;
  last_inbound_at: string;
  last_receipt_at: string;
}

export interface ChannelCheck {
  key: string;
  title: string;
  ok: boolean;
  detail: string;
  fix?: string;
}

/** Something that carriers told about a channel. */
export interface ChannelTrouble {
  code: string;
  provider_code: string;
  sender: string;
  source: string;
  text: string;
  do: string;
  /** Messages wait because of it. */
  stops: boolean;
  until: string;
  first_at: string;
  last_at: string;
  count: number;
}

export interface ChannelHealth {
  state: string;
  reason: string;
  last_inbound_at: string;
  last_receipt_at: string;
  attempts: number;
  failed: number;
  /** Percent. */
  error_rate: number;
  queue_depth: number;
  queue_more: boolean;
  held: number;
  troubles: ChannelTrouble[];
}

export interface Member {
  id: string;
  name: string;
  email: string;
  role: Role;
  limits: GrantLimits;
  own_limits: boolean;
  disabled: boolean;
  created_at: string;
  seen_at: string;
}

export interface Invite {
  id: string;
  role: string;
  email: string;
  created_at: string;
  expires_at: string;
  url?: string;
}

export interface RoleMatrix {
  roles: string[];
  permissions: { permission: string; roles: string[] | null }[];
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[] | null;
  created_at: string;
  used_at: string;
  expires_at: string;
  secret?: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: { ref: string; name: string };
  action: string;
  object: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

export interface SimPhone {
  number: string;
  name: string;
  country: string;
  timezone: string;
  person_id: string;
  channel_number: string;
  token?: string;
  url?: string;
  dials?: SimDials;
}

export interface SimDials {
  latency_ms: number;
  receipts: boolean;
  fail_code: string;
  duplicate: boolean;
  out_of_order: boolean;
  carrier_stop: boolean;
}

/** What a phone shows: its texts as the brand sees them, "in" is typed on the phone. */
export interface SimScreen {
  phone: SimPhone;
  now: string;
  items: Message[] | null;
}

export interface SimClock {
  now: string;
  skipped_seconds: number;
  movable: boolean;
  next_due: string;
}
