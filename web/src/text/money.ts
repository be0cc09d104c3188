import { locale } from "../i18n/i18n";
import type { Money, Price } from "../api/types";

/** Minor units per unit of a currency: 100 for EUR, 1 for JPY, 1000 for KWD. */
export function minorPerUnit(currency: string): number {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  return 10 ** (digits ?? 2);
}

export function formatMoney(money: Money | undefined, short = false): string {
  if (!money?.currency) return "";
  const value = money.minor / minorPerUnit(money.currency);
  const whole = short && Number.isInteger(value);
  return new Intl.NumberFormat(locale(), {
    style: "currency",
    currency: money.currency,
    currencyDisplay: "narrowSymbol",
    ...(whole ? { maximumFractionDigits: 0, minimumFractionDigits: 0 } : {}),
  }).format(value);
}

/** What a text of so many segments costs: the twin of money.Price.Times; its vectors judge both. */
export function times(price: Price, segments: number): Price {
  return { ...price, micros: price.micros * segments };
}

/** The price of one text, which may be a fraction of a cent. */
export function formatPrice({ micros, currency }: Price): string {
  return new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: Math.min(2, Math.round(Math.log10(minorPerUnit(currency)))),
    maximumFractionDigits: 4,
  }).format(micros / 1_000_000);
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

export function formatPercent(value: number): string {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 1 }).format(value);
}

/** What a person typed as an amount, in minor units; undefined when it is not an amount. */
export function parseAmount(text: string, currency: string): number | undefined {
  const plain = text.trim().replace(",", ".");
  if (!/^\d+(\.\d+)?$/.test(plain)) return undefined;
  const minor = Math.round(Number(plain) * minorPerUnit(currency));
  return Number.isSafeInteger(minor) ? minor : undefined;
}
