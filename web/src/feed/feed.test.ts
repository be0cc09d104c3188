import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFeed, type Feed } from "./feed";
import { createParser, type ServerEvent } from "./stream";

describe("the parser of the stream", () => {
  const parse = (...pieces: string[]) => {
    const events: ServerEvent[] = [];
    const feed = createParser((event) => events.push(event));
    for (const piece of pieces) feed(piece);
    return events;
  };
  it("joins events that arrive in pieces and ignores comments", () => {
    expect(parse(": beat\n\nid: 7\nda", 'ta: {"seq":7}\n', "\n")).toEqual([{ id: "7", event: "message", data: '{"seq":7}' }]);
  });
  it("joins data of several lines and reads named events", () => {
    expect(parse("event: resync\ndata: a\ndata: b\r\n\r\n")).toEqual([{ id: "", event: "resync", data: "a\nb" }]);
  });
});

describe("the feed", () => {
  let feed: Feed;
  let opened: (number | undefined)[];
  let send: (text: string) => void;
  let end: () => void;
  let refuse: boolean;
  let seen: number[];
  let resyncs: number;
  let ready: number;
  let connected: boolean[];

  beforeEach(() => {
    vi.useFakeTimers();
    [opened, seen, connected] = [[], [], []];
    resyncs = ready = 0;
    refuse = false;
    feed = createFeed({
      open: async (since) => {
        opened.push(since);
        if (refuse) throw new TypeError("no network");
        const body = new ReadableStream<Uint8Array>({
          start(stream) {
            const encoder = new TextEncoder();
            send = (text) => stream.enqueue(encoder.encode(text));
            end = () => stream.close();
          },
        });
        return new Response(body);
      },
      onEvent: (event) => seen.push(event.seq),
      onResync: () => resyncs++,
      onReady: () => ready++,
      onConnected: (now) => connected.push(now),
      random: () => 1,
    });
  });
  afterEach(() => {
    feed.stop();
    vi.useRealTimers();
  });

  const change = (seq: number) => `id: ${seq}\ndata: ${JSON.stringify({ seq, topic: "message.added", person_id: "p" })}\n\n`;
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  it("resumes after the last number seen, however the line ended", async () => {
    feed.start(4);
    await settle();
    send(change(5) + change(6));
    await settle();
    end();
    await settle(500);
    send(change(7));
    await settle();
    expect(opened).toEqual([4, 6]);
    expect(seen).toEqual([5, 6, 7]);
    expect(connected).toEqual([true, false, true]);
  });

  it("applies nothing twice", async () => {
    feed.start(4);
    await settle();
    send(change(5) + change(5) + change(4) + change(6));
    await settle();
    expect(seen).toEqual([5, 6]);
  });

  it("asks again at a gap instead of applying what came after it", async () => {
    feed.start(4);
    await settle();
    send(change(7));
    await settle();
    expect(seen).toEqual([]);
    expect(opened).toEqual([4, 4]);
    send(change(5) + change(6) + change(7));
    await settle();
    expect(seen).toEqual([5, 6, 7]);
    expect(resyncs).toBe(0);
  });

  it("reads everything again when a gap stays", async () => {
    feed.start(4);
    await settle();
    send(change(7));
    await settle();
    send(change(7));
    await settle();
    expect(resyncs).toBe(1);
    expect(opened).toEqual([4, 4, undefined]);
  });

  it("reads everything again when the server says so, and goes on from there", async () => {
    feed.start(4);
    await settle();
    send('id: 90\nevent: resync\ndata: {"seq":90}\n\n' + change(91));
    await settle();
    expect([resyncs, seen, feed.position()]).toEqual([1, [91], 91]);
  });

  it("without a position begins where the server says, and is ready once", async () => {
    feed.start();
    await settle();
    send('id: 12\nevent: ready\ndata: {"seq":12}\n\n' + change(13));
    await settle();
    end();
    await settle(500);
    expect([opened, seen, resyncs, ready]).toEqual([[undefined, 13], [13], 0, 1]);
  });

  it("takes a silent line for dead, and a beat for life", async () => {
    feed.start(4);
    await settle();
    await settle(30_000);
    send(": beat\n\n");
    await settle(30_000);
    expect(opened).toHaveLength(1);
    await settle(6_000);
    expect(opened).toEqual([4, 4]);
  });

  it("waits longer after each failure, and not at all when woken", async () => {
    refuse = true;
    feed.start(4);
    await settle(400 + 800 + 1600);
    expect(opened).toHaveLength(4);
    refuse = false;
    feed.wake();
    await settle();
    expect(opened).toHaveLength(5);
    expect(connected.at(-1)).toBe(true);
  });

  it("ten minutes asleep: what was missed arrives in order after waking", async () => {
    feed.start(4);
    await settle();
    send(change(5));
    await settle();
    vi.setSystemTime(Date.now() + 600_000);
    feed.wake();
    await settle();
    send(change(6) + change(7));
    await settle();
    expect(opened).toEqual([4, 5]);
    expect(seen).toEqual([5, 6, 7]);
  });
});
