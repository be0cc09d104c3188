import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { ChevronDown, CloudOff, Lock, Send, Ticket } from "lucide-react";
import type { Conversation, Prepared } from "../api/types";
import { Button, IconButton } from "../design/button";
import { cx } from "../design/cx";
import { keyText } from "../design/kbd";
import { Menu } from "../design/menu";
import { Banner } from "../design/status";
import { connected } from "../feed/share";
import { useCommand } from "../keyboard/keyboard";
import { keysOf } from "../keyboard/table";
import { allowed, useMe } from "../shell/me";
import { workspaceNow } from "../state/clock";
import { preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { nameOf } from "./actions";
import { Blocked } from "./blocked";
import { Counter, Culprits, useCarriage, useSize } from "./counter";
import { useDesk } from "./desk";
import type { Mode } from "./drafts";
import { OfferMenu } from "./offerMenu";
import { PreparedTexts } from "./prepared";
import { sendPresence } from "./presence";
import { channelName, t } from "./text";
import { latestSeq, type ThreadMessage } from "./thread";

export interface ComposerProps {
  conversation: Conversation;
  messages: readonly ThreadMessage[];
  onSent: (close: boolean) => void;
  onLeave: () => void;
  onJump: (message: string) => void;
}

/** The draft of this place: there is no other copy of the text. */
function useDraft(person: string, mode: Mode) {
  const { drafts } = useDesk();
  useStore(drafts.changes);
  useEffect(() => {
    void drafts.open(person, mode);
  }, [drafts, person, mode]);
  const text = drafts.text(person, mode);
  return [text, (next: string) => drafts.write(person, mode, next)] as const;
}

interface Other {
  id: string;
  name: string;
  text: string;
}

/** What others sent while this text was being written. */
function useOthers(conversation: Conversation, messages: readonly ThreadMessage[], writing: boolean) {
  const me = useMe();
  const { returned } = useDesk();
  const back = useStore(returned);
  const [baseline, setBaseline] = useState(0);
  const latest = Math.max(latestSeq(messages), conversation.seq);
  // The reader has seen what was there when the first character was typed.
  useEffect(() => {
    if (!writing) setBaseline(latest);
  }, [writing, latest]);
  const refused = back?.person === conversation.person_id && back.problem.code === "stale_composer" ? back.problem : undefined;
  const others = useMemo((): Other[] => {
    const later = messages.filter(
      (message) => message.kind === "out" && !message.local && message.seq > baseline && message.author.id !== me.member.id,
    );
    const seen = later.map((message) => ({ id: message.id, name: message.author.name, text: message.text }));
    const told = (refused?.errors ?? []).map(({ field = "", message = "" }) => {
      const [name = "", ...words] = message.split(": ");
      return { id: field, name, text: words.join(": ") };
    });
    return [...new Map([...told, ...seen].map((other) => [other.id, other])).values()];
  }, [messages, baseline, me.member.id, refused]);
  return {
    others: writing ? others : [],
    latest,
    armed: refused !== undefined,
    acknowledge: () => {
      setBaseline(latest);
      if (refused) returned.set(undefined);
    },
  };
}

function StaleBanner({ others, armed }: { others: readonly Other[]; armed: boolean }) {
  const last = others.at(-1);
  if (!last) return null;
  return (
    <Banner tone="warn" alert={armed}>
      <p className="font-semibold">{t("staleTitle", { name: last.name })}</p>
      <blockquote className="line-clamp-3 border-s-2 border-current ps-2">{last.text}</blockquote>
      <p className="text-caption">{t("staleHint")}</p>
    </Banner>
  );
}

/** Where an answer or a note is written. For a customer who opted out it says so instead of offering a box. */
export function Composer(props: ComposerProps) {
  const { conversation } = props;
  const person = conversation.person_id;
  const { drafts } = useDesk();
  // Note mode never follows to another customer, unless a note was begun there.
  const [mode, setMode] = useState<Mode>(() => (drafts.text(person, "note") && !drafts.text(person, "reply") ? "note" : "reply"));
  const box = useRef<HTMLTextAreaElement>(null);
  const write = (next: Mode) => {
    setMode(next);
    requestAnimationFrame(() => box.current?.focus());
  };
  useCommand("reply", () => write("reply"));
  useCommand("note", () => write("note"));
  if (conversation.opted_out && mode === "reply") return <Blocked conversation={conversation} onNote={() => write("note")} onJump={props.onJump} />;
  return <Writing key={mode} {...props} mode={mode} onMode={write} box={box} />;
}

function ModeTabs({ mode, onMode, blocked }: { mode: Mode; onMode: (mode: Mode) => void; blocked: boolean }) {
  const tab = (value: Mode, label: string, keys: string) => (
    <button
      type="button"
      aria-pressed={mode === value}
      title={`${label} (${keys})`}
      onClick={() => onMode(value)}
      className={cx(
        "inline-flex min-h-7 items-center gap-1 rounded-control px-2 text-caption font-medium",
        mode === value ? (value === "note" ? "bg-note-edge/20 text-note-fg" : "bg-accent-soft text-accent-text") : "text-text-2 hover:bg-hover",
      )}
    >
      {value === "note" && <Lock aria-hidden className="size-3.5" />}
      {label}
    </button>
  );
  return (
    <div className="flex gap-1">
      {!blocked && tab("reply", t("reply"), keysOf("reply"))}
      {tab("note", t("note"), keysOf("note"))}
    </div>
  );
}

interface WritingProps extends ComposerProps {
  mode: Mode;
  onMode: (mode: Mode) => void;
  box: RefObject<HTMLTextAreaElement | null>;
}

function usePresence(person: string, writing: boolean): void {
  useEffect(() => {
    if (!writing) return;
    sendPresence(person, true);
    const timer = setInterval(() => sendPresence(person, true), 8000);
    return () => {
      clearInterval(timer);
      sendPresence(person, false);
    };
  }, [person, writing]);
}

function Writing({ conversation, messages, mode, onMode, box, onSent, onLeave }: WritingProps) {
  const me = useMe();
  const { outbox } = useDesk();
  const [text, setText] = useDraft(conversation.person_id, mode);
  const note = mode === "note";
  const carriage = useCarriage(conversation.person_id, !note);
  const size = useSize(note ? "" : text, carriage?.limits);
  const online = useStore(connected);
  const { enterSends, keys } = useStore(preferences);
  const { others, latest, armed, acknowledge } = useOthers(conversation, messages, text !== "" && !note);
  const [warned, setWarned] = useState(false);
  const [prepared, setPrepared] = useState<Prepared>();
  const [slash, setSlash] = useState<number>();
  const [recent, setRecent] = useState(false);
  const may = allowed(me, "conversation.reply");
  const name = nameOf(conversation);
  const channel = channelName(conversation.channel_kind);
  const empty = text.trim() === "";
  const asksTwice = others.length > 0;

  useEffect(() => setWarned(false), [others.length]);
  usePresence(conversation.person_id, recent && !note);
  useEffect(() => {
    if (!text) return setRecent(false);
    setRecent(true);
    const timer = setTimeout(() => setRecent(false), 6000);
    return () => clearTimeout(timer);
  }, [text]);

  const send = (close: boolean) => {
    if (empty || !may) return;
    if (asksTwice && !armed && !warned) return setWarned(true);
    acknowledge();
    void outbox.send({
      key: crypto.randomUUID(),
      person: conversation.person_id,
      kind: mode,
      text: text.trim(),
      seen_seq: latest,
      at: new Date(workspaceNow()).toISOString(),
      ...(close ? { close } : {}),
      ...(prepared ? { prepared: { id: prepared.id, purpose: prepared.purpose, subject: prepared.subject } } : {}),
    });
    setPrepared(undefined);
    setText("");
    onSent(close);
  };
  useCommand("send", () => send(false));
  useCommand("send.close", () => send(!note));
  useCommand("leave", () => {
    box.current?.blur();
    onLeave();
  });

  const insert = (code: string) => {
    const field = box.current;
    const at = slash ?? field?.selectionStart ?? text.length;
    const until = slash === undefined ? at : Math.max(at, (field?.selectionStart ?? at) || at);
    const before = text.slice(0, at);
    const gap = before && !/\s$/.test(before) ? " " : "";
    setText(before + gap + code + text.slice(until));
    setSlash(undefined);
    requestAnimationFrame(() => {
      const end = (before + gap + code).length;
      field?.focus();
      field?.setSelectionRange(end, end);
    });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const composing = event.nativeEvent.isComposing;
    if (event.key === "Enter" && enterSends && !event.shiftKey && !composing && !event.ctrlKey && !event.metaKey && slash === undefined) {
      event.preventDefault();
      send(false);
    }
  };
  const query = slash === undefined ? undefined : text.slice(slash + 1, box.current?.selectionStart ?? undefined);
  useEffect(() => {
    if (slash !== undefined && text[slash] !== "/") setSlash(undefined);
  }, [slash, text]);

  return (
    <div data-composer className="relative border-t border-border bg-surface pb-[env(safe-area-inset-bottom)]">
      {!note && text === "" && (
        <PreparedTexts
          person={conversation.person_id}
          onUse={(chosen) => {
            setPrepared(chosen);
            setText(chosen.text);
            requestAnimationFrame(() => box.current?.focus());
          }}
        />
      )}
      {asksTwice && <StaleBanner others={others} armed={armed || warned} />}
      {slash !== undefined && query !== undefined && !/\s{2}/.test(query) && (
        <OfferMenu person={conversation.person_id} query={query} onInsert={insert} onClose={() => setSlash(undefined)} box={box} />
      )}
      <div
        className={cx(
          "m-2 rounded-card border sm:m-3",
          note ? "border-note-edge border-s-4 bg-note-bg text-note-fg" : "border-border-strong bg-surface focus-within:border-accent",
        )}
      >
        <div className="flex items-center gap-2 px-1.5 pt-1.5">
          <ModeTabs mode={mode} onMode={onMode} blocked={conversation.opted_out} />
          {!online && (
            <span className="ms-auto inline-flex items-center gap-1 pe-1 text-caption text-warn">
              <CloudOff aria-hidden className="size-3.5" />
              {t("stOffline")}
            </span>
          )}
        </div>
        <div className="relative">
          {!note && size.culprits.length > 0 && (
            <div aria-hidden className="pointer-events-none absolute inset-0 overflow-hidden px-3 py-2 break-words whitespace-pre-wrap text-transparent text-message sm:text-body">
              <Culprits text={text} culprits={size.culprits} />
            </div>
          )}
          <textarea
            ref={box}
            value={text}
            dir="auto"
            rows={2}
            disabled={!may}
            aria-label={note ? t("noteLabel", { name }) : t("replyLabel", { name, channel })}
            placeholder={may ? (note ? t("notePlaceholder") : t("replyPlaceholder", { name })) : undefined}
            onChange={(event) => {
              const { value, selectionStart: caret } = event.target;
              // A slash that begins a word asks for an offer.
              const typed = value.length === text.length + 1 && value[caret - 1] === "/" && /^$|\s/.test(value[caret - 2] ?? "");
              if (typed && !note) setSlash(caret - 1);
              setText(value);
            }}
            onKeyDown={onKeyDown}
            className="relative block field-sizing-content max-h-[38dvh] min-h-14 w-full resize-none bg-transparent px-3 py-2 text-message outline-none placeholder:text-text-3 sm:text-body"
          />
        </div>
        <div className="flex flex-wrap items-end gap-2 px-2 pb-2">
          <div className="min-w-0 flex-1 self-center ps-1 max-sm:basis-full sm:basis-52">
            {!note && text !== "" && <Counter text={text} size={size} carriage={carriage} onFix={setText} />}
            {(note || text === "") && (
              <p className="hidden text-caption text-text-3 sm:block">
                {note ? t("noteHint") : t("sendHint", { keys: keyText(keysOf("send", keys)) })}
              </p>
            )}
          </div>
          {!note && (
            <IconButton
              className="max-sm:me-auto"
              label={t("insertCode")}
              hint="/"
              icon={Ticket}
              onClick={() => {
                const at = box.current?.selectionStart ?? text.length;
                const before = text.slice(0, at);
                const gap = before && !/\s$/.test(before) ? " " : "";
                setText(`${before}${gap}/${text.slice(at)}`);
                setSlash(at + gap.length);
                requestAnimationFrame(() => {
                  box.current?.focus();
                  box.current?.setSelectionRange(at + gap.length + 1, at + gap.length + 1);
                });
              }}
            />
          )}
          <div className="ms-auto flex">
            <Button
              look={note ? "note" : "primary"}
              icon={note ? Lock : Send}
              disabled={empty || !may}
              onClick={() => send(false)}
              className={note ? "" : "!rounded-e-none"}
            >
              {note ? t("addNote") : asksTwice && (armed || warned) ? t("sendAgain") : t("send", { channel })}
            </Button>
            {!note && (
              <Menu
                label={t("sendOptions")}
                items={[{ key: "close", label: t("sendAndClose"), keys: keysOf("send.close", keys), run: () => send(true) }]}
                trigger={(trigger) => (
                  <Button look="primary" disabled={empty || !may} aria-label={t("sendOptions")} className="!rounded-s-none border-s-on-accent/30 !px-1.5" {...trigger}>
                    <ChevronDown aria-hidden className="size-4" />
                  </Button>
                )}
              />
            )}
          </div>
        </div>
      </div>
    </div>
  );
}
