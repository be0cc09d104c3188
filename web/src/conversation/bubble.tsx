import { Fragment, memo, useState, type ReactNode } from "react";
import { FileText, Lock } from "lucide-react";
import type { Media, MessageState } from "../api/types";
import { Avatar, type Voice } from "../design/avatar";
import { cx } from "../design/cx";
import { workspaceNow, useNow } from "../state/clock";
import { clockTime, dateTime, fullTime, instant } from "../text/time";
import { Rich } from "./rich";
import { stateView, type StateView } from "./state";
import { channelName, t } from "./text";
import type { ThreadMessage } from "./thread";
import { WhyDialog } from "./why";

export type BubbleAction = Exclude<StateView["action"], ""> | "discard" | "edit";

interface BubbleProps {
  message: ThreadMessage;
  grouped: boolean;
  newSpeaker: boolean;
  highlighted: boolean;
  mark: string | undefined;
  customer: string;
  onAction: (message: ThreadMessage, action: BubbleAction) => void;
}

const voices: Record<string, Voice> = { customer: "customer", agent: "agent", bot: "bot", journey: "campaign", campaign: "campaign", system: "bot" };

function roleWord(message: ThreadMessage): string {
  switch (message.author.kind) {
    case "agent":
      return t("agentWord");
    case "bot":
      return t("automatic");
    case "journey": {
      const caller = message.why?.caller;
      const step = typeof caller === "object" && caller !== null && "step" in caller ? String(caller.step) : "";
      return step ? `${t("journeyStep")} · ${step}` : t("journeyStep");
    }
    case "campaign":
      return t("campaign");
    case "system":
      return t("automatic");
    default:
      return channelName(message.channel_kind);
  }
}

/** One thing that was said, in the shape of who said it. */
export const Bubble = memo(function Bubble(props: BubbleProps) {
  const { message } = props;
  if (message.kind === "note") return <Note {...props} />;
  const voice = voices[message.author.kind] ?? "campaign";
  const out = message.kind === "out";
  const name = message.author.name || (out ? "" : props.customer);
  return (
    <div className={cx("flex max-w-[min(88%,40rem)] gap-2", out && "ms-auto flex-row-reverse", props.grouped ? "pt-1" : props.newSpeaker ? "pt-3" : "pt-2")}>
      <span className="w-7 shrink-0">{!props.grouped && <Avatar voice={voice} name={name} />}</span>
      <div className={cx("flex min-w-0 flex-col", out ? "items-end" : "items-start")}>
        {!props.grouped && (
          <p className="mb-0.5 text-caption text-text-2">
            <bdi className="font-semibold text-text">{name}</bdi> · {roleWord(message)}
          </p>
        )}
        {message.media?.map((media) => <Attachment key={media.url} media={media} />)}
        {message.text && (
          <div dir="auto" className={cx("bubble text-[1rem]/6 sm:text-body", `bubble-${voice}`, props.highlighted && "outline-2 outline-offset-2 outline-focus")}>
            <Rich text={message.text} mark={props.mark} />
          </div>
        )}
        <Meta {...props} />
      </div>
    </div>
  );
});

function Note({ message, highlighted, mark, onAction }: BubbleProps) {
  const at = instant(message.at);
  const refused = message.local && message.local.state !== "sending";
  return (
    <div className="pt-3">
      <div dir="auto" className={cx("note", highlighted && "outline-2 outline-offset-2 outline-focus")}>
        <p className="flex gap-2 text-caption">
          <span className="min-w-0 flex-1">
            <Lock aria-hidden className="me-1 inline size-3.5 align-[-2px]" />
            <b className="font-semibold">{t("internalNote")}</b> · <bdi>{message.author.name}</bdi> · {t("notSent")}
          </span>
          {at !== undefined && <time>{clockTime(at)}</time>}
        </p>
        <Rich text={message.text} mark={mark} />
      </div>
      {refused && <StateLine message={message} onAction={onAction} />}
    </div>
  );
}

function Attachment({ media }: { media: Media }) {
  if (media.content_type.startsWith("image/"))
    return (
      <a href={media.url} target="_blank" rel="noreferrer" className="mb-1 block overflow-hidden rounded-bubble border border-border">
        <img src={media.url} alt={media.name || t("photo")} loading="lazy" className="max-h-64 max-w-full" />
      </a>
    );
  return (
    <a href={media.url} target="_blank" rel="noreferrer" className="mb-1 inline-flex items-center gap-2 rounded-bubble border border-border bg-surface px-3 py-2">
      <FileText aria-hidden className="size-4" />
      {media.name || t("file")}
    </a>
  );
}

/** Time, fate with its word, size: the line below a bubble. */
function Meta({ message, onAction, customer }: BubbleProps) {
  const at = instant(message.at);
  const [why, setWhy] = useState(false);
  const out = message.kind === "out";
  const automated = out && message.author.kind !== "agent";
  const parts: ReactNode[] = [];
  if (at !== undefined)
    parts.push(
      <time key="time" dateTime={message.at} title={fullTime(at)}>
        {clockTime(at)}
      </time>,
    );
  if (out) parts.push(<StateLine key="state" message={message} onAction={onAction} />);
  if (message.delayed) parts.push(<span key="late">{t("delayed", { time: dateTime(instant(message.received_at) ?? 0, workspaceNow()) })}</span>);
  if (out && message.segments > 0) parts.push(<span key="segments" className="whitespace-nowrap">{t("segments", { n: message.segments })}</span>);
  if (message.simulated) parts.push(<span key="sim">{t("simulated")}</span>);
  if (automated && message.why)
    parts.push(
      <button key="why" type="button" onClick={() => setWhy(true)} className="min-h-6 underline decoration-dotted underline-offset-2 hover:text-text">
        {t("why")}
      </button>,
    );
  return (
    <>
      <p className={cx("mt-0.5 text-meta text-text-2", out && "text-end")}>
      {parts.map((part, i) => (
        <Fragment key={i}>
          {part}
          {i < parts.length - 1 && <span aria-hidden> · </span>}
        </Fragment>
      ))}
    </p>
      {why && <WhyDialog message={message} customer={customer} onClose={() => setWhy(false)} />}
    </>
  );
}

const ticking = new Set<MessageState>(["undo"]);

function StateLine(props: Pick<BubbleProps, "message" | "onAction">) {
  return ticking.has(props.message.state) && !props.message.local ? <Ticking {...props} /> : <State {...props} now={workspaceNow()} />;
}

function Ticking(props: Pick<BubbleProps, "message" | "onAction">) {
  return <State {...props} now={useNow(250)} />;
}

const actionWords = {
  undo: "stUndo",
  retry: "retry",
  retry_local: "retry",
  check_number: "checkNumber",
  switch_channel: "switchChannel",
  edit_text: "editText",
} as const;

function State({ message, onAction, now }: Pick<BubbleProps, "message" | "onAction"> & { now: number }) {
  const view = stateView(message, now);
  if (!view) return null;
  const { icon: Icon, action } = view;
  const press = (what: BubbleAction, word: string) => (
    <button type="button" onClick={() => onAction(message, what)} className="min-h-6 min-w-6 px-0.5 font-semibold underline underline-offset-2">
      {word}
    </button>
  );
  return (
    <span
      role={view.tone === "danger" ? "status" : undefined}
      className={cx(
        view.tone === "danger" && "font-semibold text-danger",
        view.tone === "warn" && "text-warn",
      )}
    >
      <Icon aria-hidden className="me-1 inline size-3.5 align-[-2px]" strokeWidth={2.25} />
      {view.word}
      {view.reason && ` · ${view.reason}`}
      {action && <span aria-hidden> · </span>}
      {action && press(action, t(actionWords[action]))}
      {message.local?.state === "refused" && press("edit", t("edit"))}
    </span>
  );
}

