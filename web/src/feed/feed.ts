import type { FeedEvent } from "../api/types";
import { readStream, type ServerEvent } from "./stream";
import { startAt, step, unknown, type Sequence } from "./sequence";

export interface FeedOptions {
  /** Opens the stream after a position; undefined asks for what comes from now on. */
  open: (since: number | undefined, signal: AbortSignal) => Promise<Response>;
  onEvent: (event: FeedEvent) => void;
  /** The place was lost: everything on screen must be read again. */
  onResync: () => void;
  onConnected: (connected: boolean) => void;
  /** The line is open for the first time: what is read from now on misses nothing. */
  onReady?: () => void;
  /** Silence after which a line counts as dead; the server beats every 15 seconds. */
  silence?: number;
  random?: () => number;
}

export interface Feed {
  start(since?: number): void;
  /** Tries at once instead of waiting: the laptop woke up, or the network came back. */
  wake(now?: boolean): void;
  stop(): void;
  position(): number;
}

const shortest = 400;
const longest = 10_000;

/** Follows the change feed with no gap: it resumes after the last number seen and never trusts the clock. */
export function createFeed(options: FeedOptions): Feed {
  const silence = options.silence ?? 35_000;
  const random = options.random ?? Math.random;
  let sequence: Sequence = unknown;
  let controller: AbortController | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let gaps = 0;
  let heard = 0;
  let stopped = true;
  let ready = false;

  const alive = () => {
    heard = Date.now();
    clearTimeout(watchdog);
    watchdog = setTimeout(reconnect, silence);
  };

  const lose = () => {
    gaps = 0;
    sequence = unknown;
  };

  const onServerEvent = (event: ServerEvent) => {
    if (event.event === "resync" || event.event === "ready") {
      const { seq } = JSON.parse(event.data || "{}") as { seq?: number };
      if (event.event === "resync") {
        lose();
        options.onResync();
      }
      if (seq !== undefined && !sequence.known) sequence = startAt(seq);
      return;
    }
    if (event.event === "ping" || !event.data) return;
    const change = JSON.parse(event.data) as FeedEvent;
    const next = step(sequence, change.seq);
    sequence = next.sequence;
    if (next.step === "apply") {
      gaps = 0;
      options.onEvent(change);
    } else if (next.step === "gap") {
      // The first gap is read again from the last number; a gap that stays is a place that was lost.
      gaps++;
      if (gaps > 1) lose();
      reconnect();
    }
  };

  const connect = async () => {
    clearTimeout(retry);
    controller?.abort();
    const mine = new AbortController();
    controller = mine;
    alive();
    try {
      const response = await options.open(sequence.known ? sequence.at : undefined, mine.signal);
      if (!response.ok || !response.body) throw new Error(`feed answered ${response.status}`);
      failures = 0;
      options.onConnected(true);
      // Without a position, what is on screen may be older than the line: read it again now that nothing can be missed.
      if (!sequence.known && ready) options.onResync();
      if (!ready) options.onReady?.();
      ready = true;
      await readStream(response.body, alive, (event) => {
        if (controller === mine) onServerEvent(event);
      });
    } catch {
      // Every end is the same: the line is gone and is opened again.
    }
    if (controller !== mine || stopped) return;
    options.onConnected(false);
    const wait = Math.min(longest, shortest * 2 ** failures++) * (0.5 + random() / 2);
    retry = setTimeout(() => void connect(), wait);
  };

  function reconnect(): void {
    if (!stopped) void connect();
  }

  return {
    start(since) {
      stopped = false;
      if (since !== undefined) sequence = startAt(since);
      void connect();
    },
    wake(now = false) {
      if (!stopped && (now || failures > 0 || Date.now() - heard > silence / 2)) {
        failures = 0;
        reconnect();
      }
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      clearTimeout(watchdog);
      controller?.abort();
      controller = undefined;
    },
    position: () => (sequence.known ? sequence.at : 0),
  };
}
