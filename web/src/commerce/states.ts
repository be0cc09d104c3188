import type { CartState } from "../api/types";
import type { ChipTone } from "../design/status";
import { catalogue } from "../i18n/i18n";

const t = catalogue("cartStates", {
  active: "Shopping",
  abandoned: "Abandoned",
  recovering: "Recovering",
  recovered: "Recovered",
  bought: "Bought",
  expired: "Expired",
  emptied: "Emptied",
});

export const cartStates: CartState[] = ["active", "abandoned", "recovering", "recovered", "bought", "emptied", "expired"];

export function cartWord(state: CartState): string {
  return cartStates.includes(state) ? t(state) : state;
}

export function cartTone(state: CartState): ChipTone {
  const tones: Partial<Record<CartState, ChipTone>> = { active: "accent", abandoned: "warn", recovering: "info", recovered: "ok", bought: "ok" };
  return tones[state] ?? "plain";
}
