import { useEffect, useRef, useState, type ReactNode } from "react";
import { CircleAlert, Copy, Info, Loader, TriangleAlert, type LucideIcon } from "lucide-react";
import { catalogue } from "../i18n/i18n";
import type { Problem } from "../api/client";
import { cx } from "./cx";
import { Button } from "./button";

const t = catalogue("status", {
  loading: "Loading",
  stillLoading: "Still loading.",
  retry: "Try again",
  copyId: "Copy id {id}",
  copied: "Copied",
  sample: "Sample",
  safe: "Nothing was changed.",
});

export function Spinner() {
  return <Loader aria-hidden className="spin size-4" />;
}

/** True once something has taken 300 ms, so that quick answers never flicker; then for at least 500 ms. */
export function useDelayed(loading: boolean): boolean {
  const [shown, setShown] = useState(false);
  const since = useRef(0);
  useEffect(() => {
    if (loading === shown) return;
    const wait = loading ? 300 : Math.max(0, since.current + 500 - performance.now());
    const timer = setTimeout(() => {
      since.current = performance.now();
      setShown(loading);
    }, wait);
    return () => clearTimeout(timer);
  }, [loading, shown]);
  return shown;
}

/** Grey shapes with the geometry of what is coming; after eight seconds it says so and offers another try. */
export function Skeleton({ rows = 6, height = 64, retry }: { rows?: number; height?: number; retry?: () => void }) {
  const [slow, setSlow] = useState(false);
  const shown = useDelayed(true);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 8000);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
    <div role="status" aria-label={t("loading")} className="fade-in">
      {slow && (
        <p className="flex items-center justify-center gap-2 p-2 text-caption text-text-2">
          {t("stillLoading")}
          {retry && (
            <Button small look="quiet" onClick={retry}>
              {t("retry")}
            </Button>
          )}
        </p>
      )}
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} aria-hidden className="flex items-center gap-3 px-3" style={{ height }}>
          <span className="size-9 shrink-0 rounded-full bg-hover" />
          <span className="flex-1 space-y-2">
            <span className="block h-3 rounded-field bg-hover" style={{ width: `${45 + ((i * 17) % 30)}%` }} />
            <span className="block h-2.5 rounded-field bg-hover" style={{ width: `${65 + ((i * 23) % 30)}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}

/** One sentence and one action for a place with nothing in it. The sample shows what it will look like. A screen that has nothing else says `whole`: the title is its heading. */
export function EmptyState(props: { icon?: LucideIcon; title: string; text?: string; action?: ReactNode; sample?: ReactNode; whole?: boolean }) {
  const Icon = props.icon;
  const Title = props.whole ? "h1" : "p";
  return (
    <div className="mx-auto flex max-w-96 flex-col items-center gap-3 px-6 py-10 text-center">
      {Icon && (
        <span className="grid size-12 place-items-center rounded-full bg-sunken text-text-3">
          <Icon aria-hidden className="size-6" strokeWidth={1.5} />
        </span>
      )}
      <Title className="text-section font-semibold text-text">{props.title}</Title>
      {props.text && <p className="text-body text-pretty text-text-2">{props.text}</p>}
      {props.action}
      {props.sample && (
        <figure className="mt-3 w-full rounded-card border border-dashed border-border-strong p-3 text-start">
          <figcaption className="mb-2 text-meta font-semibold tracking-wide text-text-3 uppercase">{t("sample")}</figcaption>
          <div inert>{props.sample}</div>
        </figure>
      )}
    </div>
  );
}

/** What happened, what is safe, what to do, and an id to quote. */
export function ErrorState({ problem, retry, compact }: { problem: Problem; retry?: (() => void) | undefined; compact?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(problem.reference).then(() => setCopied(true));
  };
  return (
    <div role="alert" className={cx("flex gap-3 text-start", compact ? "p-2" : "mx-auto max-w-xl p-6")}>
      <CircleAlert aria-hidden className="mt-0.5 size-5 shrink-0 text-danger" />
      <div className="min-w-0 space-y-2">
        <p className="text-pretty font-medium">{problem.detail || `${problem.title || problem.code}. ${t("safe")}`}</p>
        {problem.errors.length > 0 && (
          <ul className="list-disc ps-4 text-text-2">
            {problem.errors.map((error) => (
              <li key={`${error.field}${error.message}`}>
                {(error.field ?? "").replace(/^body\./, "")} {error.message}
              </li>
            ))}
          </ul>
        )}
        <div className="flex flex-wrap gap-2">
          {retry && (
            <Button small onClick={retry}>
              {t("retry")}
            </Button>
          )}
          {problem.reference && (
            <Button small look="quiet" icon={Copy} onClick={copy}>
              {copied ? t("copied") : t("copyId", { id: problem.reference })}
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}

type Tone = "info" | "warn" | "danger" | "ok" | "bot" | "note";

const tones: Record<Tone, string> = {
  info: "bg-info-soft text-text border-info",
  warn: "bg-warn-soft text-text border-warn",
  danger: "bg-danger-soft text-text border-danger",
  ok: "bg-ok-soft text-text border-ok",
  bot: "bg-bot-bg text-bot-fg border-bot-edge",
  note: "bg-note-bg text-note-fg border-note-edge",
};

const toneIcons: Partial<Record<Tone, LucideIcon>> = { info: Info, warn: TriangleAlert, danger: CircleAlert };

/** A sentence about the state of what is below it, with what can be done. */
export function Banner(props: { tone: Tone; children: ReactNode; action?: ReactNode; icon?: LucideIcon; alert?: boolean }) {
  const Icon = props.icon ?? toneIcons[props.tone];
  return (
    <div
      role={props.alert ? "alert" : undefined}
      className={cx("flex flex-wrap items-center gap-x-3 gap-y-1 border-s-4 px-3 py-2 text-body", tones[props.tone])}
    >
      {Icon && <Icon aria-hidden className="size-4 shrink-0" />}
      <div className="min-w-0 flex-1 basis-48">{props.children}</div>
      {props.action}
    </div>
  );
}

const chipTones = {
  plain: "bg-sunken text-text-2 border-border",
  ok: "bg-ok-soft text-ok border-transparent",
  warn: "bg-warn-soft text-warn border-transparent",
  danger: "bg-danger-soft text-danger border-transparent",
  info: "bg-info-soft text-info border-transparent",
  accent: "bg-accent-soft text-accent-text border-transparent",
};

export type ChipTone = keyof typeof chipTones;

export function Chip(props: { tone?: ChipTone; icon?: LucideIcon; children: ReactNode; title?: string }) {
  const Icon = props.icon;
  return (
    <span
      title={props.title}
      className={cx(
        "inline-flex max-w-full items-center gap-1 rounded-full border px-2 text-meta font-medium whitespace-nowrap",
        chipTones[props.tone ?? "plain"],
      )}
    >
      {Icon && <Icon aria-hidden className="size-3 shrink-0" />}
      <span className="truncate">{props.children}</span>
    </span>
  );
}

/** A count that asks for attention. */
export function Badge({ count, label }: { count: number; label: string }) {
  return (
    <span className="tabular inline-grid h-[1.125rem] min-w-[1.125rem] place-items-center rounded-full bg-accent px-1.5 text-meta font-semibold text-on-accent">
      <span aria-hidden>{count > 99 ? "99+" : count}</span>
      <span className="sr-only">{label}</span>
    </span>
  );
}
