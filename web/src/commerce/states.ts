import type { ChipTone } from "../design/status";
import { catalogue } from "../i18n/i18n";

const t = catalogue("cartStates", {
  active: "Shopping",
  abandoned: "Abandoned",
  recovering: "Recovering",
  recovered: "Recovered",
  bought: "Bought",
  emptied: "Emptied",
  expired: "Expired",
  unexpected_cost: "Unexpected cost",
  account_needed: "Account needed",
  delivery_time: "Delivery time",
  long_checkout: "Long checkout",
  other: "Other",
});

/** What becomes of a cart, in the order of the board. */
export const cartStates = ["active", "abandoned", "recovering", "recovered", "bought", "emptied", "expired"] as const;

/** Why customers say that they left one. */
export const cartReasons = ["unexpected_cost", "account_needed", "delivery_time", "long_checkout", "other"] as const;

function known<T extends string>(all: readonly T[], value: string): value is T {
  return (all as readonly string[]).includes(value);
}

export function cartWord(state: string): string {
  return known(cartStates, state) ? t(state) : state;
}

export function reasonWord(reason: string): string {
  return known(cartReasons, reason) ? t(reason) : reason;
}

export function cartTone(state: string): ChipTone {
  const tones: Record<string, ChipTone> = { active: "accent", abandoned: "warn", recovering: "info", recovered: "ok", bought: "ok" };
  return tones[state] ?? "plain";
}
