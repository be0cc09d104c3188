/** Shapes of carts, orders, reports, offers and journeys. */

import type { Money } from "./types";

export interface CartLine {
  title: string;
  variant: string;
  quantity: number;
  price: Money;
  product_id: string;
}

export interface Cart {
  id: string;
  token: string;
  person_id: string;
  person_name: string;
  number: string;
  state: string;
  items: CartLine[] | null;
  total: Money;
  abandoned_at: string;
  updated_at: string;
  restore_url: string;
  reason: string;
  reason_note: string;
  order_id: string;
  message_id?: string;
  journey_id?: string;
  run_id?: string;
  state_at?: string;
}

export interface CartColumn {
  state: string;
  count: number;
  total: Money;
  items: Cart[] | null;
}

export interface Order {
  id: string;
  name: string;
  status: string;
  total: Money;
  items: CartLine[] | null;
  codes: string[] | null;
  placed_at: string;
  status_url: string;
}

export interface Shop {
  id: string;
  name: string;
  kind: string;
  domain: string;
  consent_wording: string;
  last_webhook_at: string;
  reconciled_at: string;
  problem: string;
}

export interface RecoverySum {
  orders: number;
  recovered: Money;
  others: Money[] | null;
}

export type RecoveryGroup = RecoverySum & { key: string; name: string };

export interface RecoveryReport extends RecoverySum {
  from: string;
  to: string;
  timezone: string;
  data_at: string;
  partial: boolean;
  simulated: boolean;
  cancelled: RecoverySum;
  carts_total: number;
  carts: Record<string, number>;
  rate: { recovered: number; reminded: number; percent?: number };
  by_agent: RecoveryGroup[] | null;
  by_message: RecoveryGroup[] | null;
  by_journey: RecoveryGroup[] | null;
  by_code: RecoveryGroup[] | null;
  reasons: { key: string; carts: number }[] | null;
  daily: (RecoverySum & { date: string; partial: boolean })[] | null;
  rule: string;
  definitions: Record<string, string>;
}

/** One order or cart behind a figure. */
export interface RecoveryRow {
  at: string;
  cart_id: string;
  cart_state: string;
  cart_total: Money;
  abandoned_at: string;
  reason: string;
  person_id: string;
  person_name: string;
  number: string;
  order_id: string;
  order_name: string;
  order_status: string;
  recovered: Money;
  message_id: string;
  journey_id: string;
  journey: string;
  step: string;
  code: string;
  member_id: string;
  member: string;
}

export interface Offer {
  id: string;
  name: string;
  kind: "percent" | "amount" | "free_shipping";
  percent?: number;
  amount?: Money;
  pool?: { issued: number; redeemed: number; expired: number; left: number };
  /** Life of a code; 0 or absent: for ever. */
  expires_seconds?: number;
  max_codes?: number;
  prefix?: string;
  agent_grantable?: boolean;
  /** In words, such as "10% off". */
  worth?: string;
  /** Whether the caller may give it to a customer. */
  allowed?: boolean;
}

export interface Code {
  code: string;
  url?: string;
  offer_id: string;
  offer: string;
  worth: string;
  state: "issued" | "redeemed" | "expired";
  issued_at: string;
  expires_at: string;
  issued_by: string;
  redeemed_at: string;
  order_id: string;
}

export interface TrackedLink {
  url: string;
  kind: string;
  target: string;
  created_at: string;
  clicks: number;
  previews: number;
}

export interface Journey {
  id: string;
  name: string;
  state: "draft" | "live" | "paused";
  /** Live version; 0 was never published. */
  version: number;
  edit: number;
  draft: JourneyDefinition;
  problems: { step: string; text: string }[] | null;
  standings: { state: string; step: string; result: string; count: number }[] | null;
  updated_at: string;
}

export interface Condition {
  all?: Condition[];
  any?: Condition[];
  none?: Condition[];
  prop?: string;
  attr?: string;
  run?: string;
  consent?: string;
  is?: string;
  op?: string;
  value?: unknown;
}

export interface JourneyDefinition {
  v: number;
  name: string;
  about?: string;
  trigger: { event: string; where?: Condition; key?: string };
  reentry: { rule: "per_key" | "once" | "after"; after?: string };
  exit?: { event: string; same?: string; where?: Condition; result: string }[];
  steps: JourneyStep[] | null;
}

export interface JourneyStep {
  id: string;
  type: "wait" | "branch" | "send" | "offer" | "hand" | "set" | "stop";
  for?: string;
  until?: { event: string; same?: string; where?: Condition };
  cases?: { name: string; when: Condition | null; steps: JourneyStep[] | null }[];
  then?: JourneyStep[];
  else?: JourneyStep[];
  purpose?: string;
  text?: string;
  expires?: string;
  offer?: string;
  draft?: string;
  claim_within?: string;
  attribute?: string;
  value?: unknown;
  result?: string;
}

export interface JourneyRun {
  run_id: string;
  journey_id: string;
  name: string;
  person_id: string;
  state: string;
  step: string;
  next_at: string;
  result: string;
  version: number;
  started_at: string;
  ended_at: string;
}
