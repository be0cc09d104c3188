import { address } from "../api/client";
import type { FeedEvent } from "../api/types";
import { createStore } from "../state/store";
import { createFeed, type Feed } from "./feed";
import { startAt, step, type Sequence } from "./sequence";

/** False once the line to the server is lost; the screen says so after a moment. */
export const connected = createStore(true);

interface Listener {
  onEvent: (event: FeedEvent) => void;
  onResync: () => void;
  /** From now on nothing is missed: the time to read what is shown. */
  onReady: () => void;
}

type Note = { kind: "event"; event: FeedEvent } | { kind: "resync" } | { kind: "connected"; connected: boolean };

/**
 * One line to the server for all tabs of a browser, because a browser opens only six to one host: the tab that holds the lock
 * reads the feed and tells the others; when it closes, the next one goes on from the number that it saw last.
 */
export function followFeed(workspace: string, listener: Listener): () => void {
  const end = new AbortController();
  const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(`parley.feed.${workspace}`);
  let at: Sequence | undefined;
  let feed: Feed | undefined;

  const apply = (event: FeedEvent) => {
    const next = step(at ?? { at: 0, known: false }, event.seq);
    if (next.step === "seen") return;
    at = startAt(event.seq);
    if (next.step === "gap") listener.onResync();
    else listener.onEvent(event);
  };
  const tell = (note: Note) => channel?.postMessage(note);

  const lead = () => {
    feed = createFeed({
      onReady: listener.onReady,
      open: (from, signal) => fetch(address("/feed", from === undefined ? {} : { since: from }), { signal, headers: { Accept: "text/event-stream" } }),
      onEvent: (event) => {
        apply(event);
        tell({ kind: "event", event });
      },
      onResync: () => {
        at = undefined;
        listener.onResync();
        tell({ kind: "resync" });
      },
      onConnected: (now) => {
        connected.set(now);
        tell({ kind: "connected", connected: now });
      },
    });
    feed.start(at?.at);
    // A tab that took over from another is reading already.
    if (at) listener.onReady();
  };

  channel?.addEventListener("message", ({ data }: MessageEvent<Note>) => {
    if (feed) return;
    if (data.kind === "event") apply(data.event);
    else if (data.kind === "connected") connected.set(data.connected);
    else {
      at = undefined;
      listener.onResync();
    }
  });

  const locks = channel && "locks" in navigator ? navigator.locks : undefined;
  if (locks) {
    // Another tab reads the feed, and this one hears it since a moment ago.
    void locks.query().then(({ held }) => {
      if (!feed && held?.some((lock) => lock.name === `parley.feed.${workspace}`)) listener.onReady();
    });
    void locks
      .request(`parley.feed.${workspace}`, { signal: end.signal }, () => {
        lead();
        return new Promise<void>((resolve) => end.signal.addEventListener("abort", () => resolve()));
      })
      .catch(() => undefined);
  } else lead();

  const wake = () => {
    if (!document.hidden) feed?.wake();
  };
  const back = () => feed?.wake(true);
  const lost = () => connected.set(false);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", back);
  window.addEventListener("offline", lost);
  return () => {
    document.removeEventListener("visibilitychange", wake);
    window.removeEventListener("online", back);
    window.removeEventListener("offline", lost);
    feed?.stop();
    end.abort();
    channel?.close();
  };
}
