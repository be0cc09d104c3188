import { useEffect, useRef, useState, type FormEvent } from "react";
import { Bot, SendHorizontal, SignalHigh } from "lucide-react";
import type { Message, SimPhone } from "../api/types";
import { cx } from "../design/cx";
import { Chip } from "../design/status";
import { notify } from "../shell/undo";
import { useNow, workspaceNow } from "../state/clock";
import { clockTime, dayKey, dayLabel, instant } from "../text/time";
import { text as sendText, useScreen, type Handle } from "./api";
import { t } from "./text";

const address = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;

/** A link is tapped like on a phone, or fetched like a preview bot would. */
function Body({ text }: { text: string }) {
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(address)) {
    const [url] = match;
    parts.push(text.slice(at, match.index));
    parts.push(
      <span key={match.index}>
        <a href={url} target="_blank" rel="noreferrer" className="wrap-anywhere underline underline-offset-2">
          {url}
        </a>
        <button
          type="button"
          aria-label={t("preview")}
          title={t("preview")}
          onClick={() => void fetch(url, { method: "HEAD", mode: "no-cors", headers: {} }).then(() => notify(t("previewed")), () => undefined)}
          className="ms-0.5 inline-grid size-6 place-items-center rounded-full align-middle opacity-60 hover:opacity-100"
        >
          <Bot aria-hidden className="size-3.5" />
        </button>
      </span>,
    );
    at = match.index + url.length;
  }
  return (
    <>
      {parts}
      {text.slice(at)}
    </>
  );
}

function Texts({ messages, name }: { messages: readonly Message[] | undefined; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  const count = messages?.length;
  useEffect(() => {
    const log = box.current;
    if (!log) return;
    const toEnd = () => log.scrollTo({ top: log.scrollHeight });
    toEnd();
    // What is below the screen comes later and takes some of its height.
    const observer = new ResizeObserver(toEnd);
    observer.observe(log);
    return () => observer.disconnect();
  }, [count]);
  let day = "";
  return (
    <div ref={box} role="log" aria-label={t("messages")} tabIndex={0} className="scroll min-h-0 flex-1 space-y-1.5 px-3 py-3 focus-visible:outline-offset-[-2px]">
      {count === 0 && <p className="pt-8 text-center text-caption text-text-3">{t("nothing")}</p>}
      {messages?.map((message) => {
        const at = instant(message.at) ?? 0;
        const mine = message.kind === "in";
        const head = dayKey(at) !== day;
        day = dayKey(at);
        return (
          <div key={message.id}>
            {head && <p className="py-1 text-center text-meta font-medium text-text-3">{dayLabel(at, workspaceNow())}</p>}
            <div className={cx("rise flex flex-col", mine ? "items-end" : "items-start")}>
              <div
                dir="auto"
                className={cx(
                  "max-w-[84%] rounded-[18px] px-3 py-1.5 text-[0.9375rem]/5 break-words whitespace-pre-wrap",
                  mine ? "rounded-ee-[6px] bg-ok text-surface" : "rounded-es-[6px] bg-customer-bg text-text",
                )}
              >
                <span className="sr-only">{mine ? `${name}: ` : ""}</span>
                <Body text={message.text} />
              </div>
              <p className="px-1 pt-0.5 text-meta text-text-3">
                <time>{clockTime(at)}</time>
                {!mine && message.segments ? ` · ${message.encoding ?? ""} · ${t("segments", { n: message.segments })}` : ""}
              </p>
            </div>
          </div>
        );
      })}
    </div>
  );
}

const quick = ["YES", "STOP", "START", "HELP"];

/** A customer's phone, in a striped frame so that nobody takes it for a real one. */
export function Phone({ phone, handle, full }: { phone: SimPhone; handle: Handle; full?: boolean }) {
  const screen = useScreen(handle).data;
  const [words, setWords] = useState("");
  const now = useNow(10_000);
  const send = async (line: string) => {
    if (!line.trim()) return;
    setWords("");
    if (!(await sendText(handle, line.trim()))) setWords(line);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(words);
  };
  return (
    <section aria-label={t("phone", { name: phone.name })} className={cx("striped flex min-h-0 flex-col p-1.5", full ? "flex-1" : "flex-1 rounded-[28px]")}>
      <div className={cx("flex min-h-0 flex-1 flex-col overflow-hidden bg-surface", full ? "rounded-card" : "rounded-[22px] border border-border")}>
        <header className="border-b border-border bg-sunken px-4 pt-1.5 pb-2 text-center">
          <div className="flex items-center justify-between text-meta font-semibold">
            <time>{clockTime(now, phone.timezone || undefined)}</time>
            <Chip tone="warn">{t("simulated")}</Chip>
            <SignalHigh aria-hidden className="size-3.5" />
          </div>
          <p className="mt-1 font-semibold"><bdi dir="ltr">{phone.channel_number}</bdi></p>
          <p className="text-meta text-text-3">
            {phone.name} · <bdi dir="ltr">{phone.number}</bdi>
          </p>
        </header>
        <Texts messages={screen && (screen.items ?? [])} name={phone.name} />
        <div role="group" aria-label={t("quick")} className="flex gap-1.5 overflow-x-auto px-3 pb-1.5">
          {quick.map((word) => (
            <button
              key={word}
              type="button"
              onClick={() => void send(word)}
              className="min-h-6 rounded-full border border-border px-2.5 text-meta font-semibold text-text-2 hover:bg-hover pointer-coarse:min-h-9"
            >
              {word}
            </button>
          ))}
        </div>
        <form onSubmit={submit} className="flex items-center gap-1.5 border-t border-border p-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
          <input
            value={words}
            dir="auto"
            enterKeyHint="send"
            autoComplete="off"
            aria-label={t("write", { name: phone.name })}
            placeholder={t("placeholder")}
            onChange={(event) => setWords(event.target.value)}
            className="min-h-9 min-w-0 flex-1 rounded-full border border-border-strong bg-surface px-3.5 outline-offset-[-1px]"
          />
          <button
            type="submit"
            aria-label={t("send")}
            disabled={!words.trim()}
            className="grid size-9 shrink-0 place-items-center rounded-full bg-ok text-surface disabled:opacity-40"
          >
            <SendHorizontal aria-hidden className="size-4 rtl:-scale-x-100" />
          </button>
        </form>
      </div>
    </section>
  );
}
