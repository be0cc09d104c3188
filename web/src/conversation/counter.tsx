import { useMemo, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { must } from "../api/client";
import type { Money } from "../api/types";
import { Button } from "../design/button";
import { cx } from "../design/cx";
import { count, plain, standard, type Culprit, type Size } from "../text/segments";
import { formatPrice, minorPerUnit } from "../text/money";
import { t } from "./text";

/** How many units fit the segments that a text takes. */
export function capacity(size: Size): number {
  const [single, part] = size.encoding === "GSM-7" ? [standard.gsm_single, standard.gsm_part] : [standard.ucs2_single, standard.ucs2_part];
  return size.segments <= 1 ? single : size.segments * part;
}

/** What one segment costs to a country; undefined while unknown or without a price list. */
export function useSegmentPrice(country: string | undefined): Money | undefined {
  const answer = useQuery({
    queryKey: ["segment-price", country],
    enabled: country !== undefined,
    staleTime: 3_600_000,
    queryFn: () => must<{ segments: number; price?: Money }>("POST", "/text/count", { body: { text: "a", ...(country ? { country } : {}) } }),
  });
  return answer.data?.price;
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
  price: Money | undefined;
  onFix: (text: string) => void;
}

/** GSM-7 · 130/160 · 1 segment · €0.043, and which character spoils it. */
export function Counter({ text, size, price, onFix }: CounterProps) {
  const cost = price && size.segments > 0 ? formatPrice((price.minor / minorPerUnit(price.currency)) * size.segments, price.currency) : "";
  const segments = t("segments", { n: size.segments });
  const parts = [size.encoding, t("units", { units: size.units, capacity: capacity(size) }), segments, cost].filter(Boolean);
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
        <span className="sr-only">{t("counter", { encoding: size.encoding, units: size.units, capacity: capacity(size), segments: `${segments} ${cost}` })}</span>
      </p>
    </div>
  );
}

export function useSize(text: string): Size {
  return useMemo(() => count(text), [text]);
}
