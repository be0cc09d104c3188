import { useMemo, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { must } from "../api/client";
import type { Price } from "../api/types";
import { Button } from "../design/button";
import { cx } from "../design/cx";
import { count, plain, standard, type Culprit, type Limits, type Size } from "../text/segments";
import { formatPrice, times } from "../text/money";
import { t } from "./text";

/** How many units fit the segments that a text takes. */
export function capacity(size: Size, limits: Limits = standard): number {
  const [single, part] = size.encoding === "GSM-7" ? [limits.gsm_single, limits.gsm_part] : [limits.ucs2_single, limits.ucs2_part];
  return size.segments <= 1 ? single : size.segments * part;
}

/** How texts to a customer are cut and what a segment costs; price is null where the team has not said. */
export interface Carriage {
  limits: Limits;
  price: Price | null;
}

/** What the server says about the channel and the country of a customer's number; undefined while it is asked. */
export function useCarriage(person: string, wanted: boolean): Carriage | undefined {
  return useQuery({
    queryKey: ["carriage", person],
    enabled: wanted,
    staleTime: 60_000,
    queryFn: async (): Promise<Carriage> => {
      const { limits, segment_price } = await must<{ limits: Limits; segment_price?: Price }>("POST", "/text/count", { body: { text: "", person_id: person } });
      return { limits, price: segment_price ?? null };
    },
  }).data;
}

/** The text with each character that forces UCS-2 marked, to lie behind the one that is typed. */
export function Culprits({ text, culprits }: { text: string; culprits: readonly Culprit[] }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const culprit of culprits) {
    const char = String.fromCodePoint(culprit.rune);
    if (culprit.index < at) continue;
    parts.push(text.slice(at, culprit.index));
    parts.push(
      <mark key={culprit.index} className="rounded-[2px] bg-mark text-transparent shadow-[0_0_0_1px_var(--warn)]">
        {char}
      </mark>,
    );
    at = culprit.index + char.length;
  }
  return (
    <>
      {parts}
      {text.slice(at)}{" "}
    </>
  );
}

/** One change that may make the text GSM-7 again: how it is named, and the text after it. */
export function remedy(text: string, size: Size): { label: string; text: string } | undefined {
  const fixable = size.culprits.filter((culprit) => culprit.safe || culprit.suggestion);
  const [first] = fixable;
  if (!first) return undefined;
  const whole = plain(text);
  const kinds = new Set(fixable.map((culprit) => culprit.rune));
  const char = String.fromCodePoint(first.rune);
  const label =
    kinds.size > 1 ? t("fixAll") : first.suggestion ? t("usePlain", { plain: first.suggestion, char }) : t("removeIt", { name: first.name.toLowerCase() });
  if (whole !== text) return { label, text: whole };
  return { label, text: text.replaceAll(char, first.suggestion) };
}

interface CounterProps {
  text: string;
  size: Size;
  carriage: Carriage | undefined;
  onFix: (text: string) => void;
}

/** What the text costs, in words when nobody knows. */
export function costOf(size: Size, price: Price | null): string {
  return price ? formatPrice(times(price, size.segments)) : t("priceUnknown");
}

/** GSM-7 · 130/160 · 1 segment · €0.043, and which character spoils it. */
export function Counter({ text, size, carriage, onFix }: CounterProps) {
  const cost = carriage && costOf(size, carriage.price);
  const full = capacity(size, carriage?.limits);
  const segments = t("segments", { n: size.segments });
  const parts = [size.encoding, t("units", { units: size.units, capacity: full }), segments, cost].filter(Boolean);
  const [first] = size.culprits;
  const fix = first && remedy(text, size);
  return (
    <div className="min-w-0 space-y-1">
      {first && (
        <p className="flex flex-wrap items-center gap-2 text-caption text-warn">
          <span>{t("culprits", { n: size.culprits.length, name: first.name.toLowerCase() })}</span>
          {fix && (
            <Button small icon={Sparkles} onClick={() => onFix(fix.text)}>
              {fix.label}
            </Button>
          )}
        </p>
      )}
      <p className={cx("tabular text-caption", size.segments > 1 ? "font-medium text-warn" : "text-text-3")}>
        <span aria-hidden>{parts.join(" · ")}</span>
        <span className="sr-only">{t("counter", { encoding: size.encoding, units: size.units, capacity: full, segments: [segments, cost].filter(Boolean).join(", ") })}</span>
      </p>
    </div>
  );
}

export function useSize(text: string, limits: Limits = standard): Size {
  return useMemo(() => count(text, limits), [text, limits]);
}
