import { CheckCheck, Check, Circle, CircleHelp, Clock, CloudOff, LoaderCircle, Timer, TriangleAlert, type LucideIcon } from "lucide-react";
import { clockTime, dateTime, instant } from "../text/time";
import { t } from "./text";
import type { ThreadMessage } from "./thread";

/** How far a message got: an icon and a word, always both. */
export interface StateView {
  icon: LucideIcon;
  word: string;
  /** Why, in plain words, with the carrier's code. */
  reason: string;
  tone: "plain" | "warn" | "danger" | "ok";
  action: "" | "undo" | "retry" | "retry_local" | "check_number" | "switch_channel" | "edit_text";
}

const day = 86_400_000;

function reasonOf(message: ThreadMessage): string {
  const { reason } = message;
  if (!reason) return "";
  const code = /^\d{4,6}$/.test(reason.code) && !reason.text.includes(reason.code) ? ` (${reason.code})` : "";
  return `${reason.text}${code}`;
}

const actions = new Set(["retry", "check_number", "switch_channel", "edit_text"]);

function actionOf(message: ThreadMessage): StateView["action"] {
  const action = message.reason?.action ?? "";
  return actions.has(action) ? (action as StateView["action"]) : "";
}

function localView(message: ThreadMessage): StateView | undefined {
  switch (message.local?.state) {
    case "sending":
      return { icon: LoaderCircle, word: t("stSending"), reason: "", tone: "plain", action: "" };
    case "offline":
      return { icon: CloudOff, word: t("stOffline"), reason: "", tone: "warn", action: "retry_local" };
    case "refused":
      return { icon: TriangleAlert, word: t("stRefused"), reason: message.local.problem?.detail ?? "", tone: "danger", action: "retry_local" };
    default:
      return undefined;
  }
}

/** What a person is told about the fate of an outgoing message at a time; undefined for what has none. */
export function stateView(message: ThreadMessage, now: number): StateView | undefined {
  if (message.kind === "note") return message.local?.state === "sending" ? undefined : localView(message);
  if (message.kind !== "out") return undefined;
  const local = localView(message);
  if (local) return local;
  const plain = (icon: LucideIcon, word: string, tone: StateView["tone"] = "plain"): StateView => ({ icon, word, reason: "", tone, action: "" });
  switch (message.state) {
    case "undo": {
      const left = Math.ceil(((instant(message.undo_until) ?? 0) - now) / 1000);
      if (left <= 0) return plain(LoaderCircle, t("stSending"));
      return { ...plain(Timer, t("stSendingIn", { n: left })), action: "undo" };
    }
    case "held": {
      const until = instant(message.hold_until);
      return { ...plain(Clock, until ? t("stHeld", { time: dateTime(until, now) }) : t("stHeldPlain"), "warn"), reason: reasonOf(message) };
    }
    case "queued":
      return plain(Circle, t("stQueued"));
    case "sending":
      return plain(LoaderCircle, t("stSending"));
    case "sent": {
      const since = instant(message.state_at) ?? instant(message.at) ?? now;
      return now - since > day ? plain(CircleHelp, t("stNoReceipt")) : plain(Check, t("stSent"));
    }
    case "delivered":
      return plain(CheckCheck, t("stDelivered"));
    case "read":
      // A text message has no read receipt; whatever claims one only says that it was delivered.
      return plain(CheckCheck, isText(message.channel_kind) ? t("stDelivered") : t("stRead"));
    case "failed":
      return { icon: TriangleAlert, word: t("stFailed"), reason: reasonOf(message), tone: "danger", action: message.reason?.action ? actionOf(message) : "retry" };
    case "dropped":
      return { icon: TriangleAlert, word: t("stDropped"), reason: reasonOf(message), tone: "danger", action: actionOf(message) };
    case "unknown":
      return { icon: CircleHelp, word: t("stUnknown"), reason: reasonOf(message), tone: "warn", action: "" };
    default:
      return undefined;
  }
}

function isText(kind: string): boolean {
  return ["sim", "twilio", "vonage", "smpp", "sms", ""].includes(kind);
}

/** The time of a message as a screen reader says it first. */
export function spokenTime(message: ThreadMessage): string {
  return clockTime(instant(message.at) ?? 0);
}
