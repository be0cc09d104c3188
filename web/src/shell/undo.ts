import { createStore } from "../state/store";

/** A line that says what was done, with a way back while there is one. */
export interface Notice {
  id: number;
  text: string;
  tone: "plain" | "danger";
  undo?: (() => void) | undefined;
  /** When it leaves by itself; an error stays until it is read. */
  until: number;
}

export const notices = createStore<readonly Notice[]>([]);

const counter = { last: 0 };

export function dismiss(id: number): void {
  notices.set((all) => all.filter((notice) => notice.id !== id));
}

export function notify(text: string, options: { undo?: () => void; seconds?: number; tone?: Notice["tone"] } = {}): number {
  const id = ++counter.last;
  const tone = options.tone ?? "plain";
  const until = tone === "danger" ? Infinity : Date.now() + (options.seconds ?? 6) * 1000;
  notices.set((all) => [...all.slice(-2), { id, text, tone, undo: options.undo, until }]);
  return id;
}

/** Takes back the newest thing that can still be taken back. */
export function undoLast(): boolean {
  const last = notices.get().findLast((notice) => notice.undo);
  if (!last) return false;
  dismiss(last.id);
  last.undo?.();
  return true;
}
