import { useEffect, useEffectEvent, useRef, useState } from "react";
import { ChevronDown, ChevronUp, Search, X } from "lucide-react";
import { call } from "../api/client";
import type { Page } from "../api/types";
import { IconButton } from "../design/button";
import { t } from "./text";

interface FindProps {
  person: string;
  onGo: (message: string, text: string) => void;
  onClose: () => void;
}

interface Hit {
  message_id: string;
  at: string;
  snippet: string;
}

/** Searches the whole history of one conversation and goes from match to match. */
export function FindBar({ person, onGo, onClose }: FindProps) {
  const [text, setText] = useState("");
  const [hits, setHits] = useState<Hit[]>();
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const show = useEffectEvent((found: Hit[], q: string) => {
    setHits(found);
    setAt(0);
    if (found[0]) onGo(found[0].message_id, q);
  });

  useEffect(() => {
    const q = text.trim();
    if (!q) return setHits(undefined);
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const result = await call<Page<Hit>>("GET", `/conversations/${encodeURIComponent(person)}/search`, { query: { q }, signal: controller.signal });
        if (!result.ok) return;
        show((result.data.items ?? []).toSorted((a, b) => (a.at < b.at ? 1 : -1)), q);
      } catch {
        // Typed on: a newer question replaced this one.
      }
    }, 180);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, person]);

  const step = (by: number) => {
    if (!hits?.length) return;
    const next = (at + by + hits.length) % hits.length;
    setAt(next);
    const hit = hits[next];
    if (hit) onGo(hit.message_id, text.trim());
  };

  return (
    <search className="rise flex items-center gap-1 border-b border-border bg-surface px-3 py-1.5">
      <Search aria-hidden className="size-4 text-text-3" />
      <input
        ref={input}
        value={text}
        aria-label={t("findLabel")}
        placeholder={t("findLabel")}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") onClose();
        }}
        className="min-h-8 min-w-0 flex-1 bg-transparent px-1 outline-none"
      />
      <span role="status" className="tabular text-caption whitespace-nowrap text-text-2">
        {hits && (hits.length ? t("findCount", { n: at + 1, total: hits.length }) : t("findNone"))}
      </span>
      <IconButton small label={t("previous")} icon={ChevronUp} onClick={() => step(1)} disabled={!hits?.length} />
      <IconButton small label={t("next")} icon={ChevronDown} onClick={() => step(-1)} disabled={!hits?.length} />
      <IconButton small label={t("closeFind")} icon={X} onClick={onClose} />
    </search>
  );
}
