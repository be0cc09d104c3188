import { useEffect, useState } from "react";
import { instant } from "../text/time";
import { createStore, useStore } from "./store";

/** The workspace's clock against this browser's: skewed by the network, and on purpose in a demo. */
export const workspaceClock = createStore({ offset: 0, skippedSeconds: 0 });

export function setWorkspaceClock(clock: { now: string; skipped_seconds: number }): void {
  const now = instant(clock.now);
  if (now !== undefined) workspaceClock.set({ offset: now - Date.now(), skippedSeconds: clock.skipped_seconds });
}

export function workspaceNow(): number {
  return Date.now() + workspaceClock.get().offset;
}

/** The workspace's time, renewed every so many milliseconds while the tab is seen. */
export function useNow(every = 30_000): number {
  useStore(workspaceClock);
  const [, renew] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) renew((n) => n + 1);
    }, every);
    return () => clearInterval(timer);
  }, [every]);
  return workspaceNow();
}
