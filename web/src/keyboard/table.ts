import { catalogue } from "../i18n/i18n";

export type Scope = "global" | "list" | "thread" | "composer";

export const label = catalogue("keys", {
  palette: "Command palette",
  search: "Search",
  help: "Keyboard shortcuts",
  undo: "Undo the last action",
  goInbox: "Go to the inbox",
  goPeople: "Go to customers",
  goCarts: "Go to carts",
  goJourneys: "Go to journeys",
  goOffers: "Go to offers",
  goReports: "Go to reports",
  goSettings: "Go to settings",
  goPhone: "Show or hide the simulated phone",
  next: "Next conversation",
  previous: "Previous conversation",
  open: "Open conversation",
  openEnter: "Open conversation",
  select: "Select for a bulk action",
  close: "Close conversation",
  snooze: "Snooze conversation",
  assign: "Assign conversation",
  claim: "Assign to me",
  tag: "Tag customer",
  unread: "Mark as unread",
  reply: "Reply",
  note: "Write a note",
  take: "Take over from the bot, or hand back",
  previousEpisode: "Previous episode",
  nextEpisode: "Next episode",
  first: "First message",
  last: "Newest message",
  previousMessage: "Focus the message before",
  nextMessage: "Focus the message after",
  find: "Find in this conversation",
  panel: "Customer panel",
  send: "Send",
  sendClose: "Send and close",
  insert: "Insert an offer code",
  leave: "Leave the text, keep the draft",
  undoTyping: "Undo typing",
});

export interface Command {
  id: string;
  label: Parameters<typeof label>[0];
  keys: string;
  scope: Scope;
  /** Fires again while the key is held. */
  repeat?: boolean;
  /** Works while typing, because it is no plain character. */
  inText?: boolean;
  /** The browser or the focused control does it; listed for people only. */
  native?: boolean;
}

/** The one table: it drives the handlers, the help sheet, the hints of the palette and the documentation. */
export const commands: readonly Command[] = [
  { id: "palette", label: "palette", keys: "mod+k", scope: "global", inText: true },
  { id: "search", label: "search", keys: "/", scope: "global" },
  { id: "help", label: "help", keys: "?", scope: "global" },
  { id: "undo", label: "undo", keys: "z", scope: "global" },
  { id: "go.inbox", label: "goInbox", keys: "g i", scope: "global" },
  { id: "go.people", label: "goPeople", keys: "g c", scope: "global" },
  { id: "go.carts", label: "goCarts", keys: "g a", scope: "global" },
  { id: "go.journeys", label: "goJourneys", keys: "g j", scope: "global" },
  { id: "go.offers", label: "goOffers", keys: "g o", scope: "global" },
  { id: "go.reports", label: "goReports", keys: "g r", scope: "global" },
  { id: "go.settings", label: "goSettings", keys: "g ,", scope: "global" },
  { id: "phone", label: "goPhone", keys: "g p", scope: "global" },
  { id: "list.next", label: "next", keys: "j", scope: "list", repeat: true },
  { id: "list.previous", label: "previous", keys: "k", scope: "list", repeat: true },
  { id: "list.open", label: "open", keys: "o", scope: "list" },
  { id: "list.enter", label: "openEnter", keys: "enter", scope: "list", native: true },
  { id: "list.select", label: "select", keys: "x", scope: "list" },
  { id: "close", label: "close", keys: "e", scope: "list" },
  { id: "snooze", label: "snooze", keys: "h", scope: "list" },
  { id: "assign", label: "assign", keys: "a", scope: "list" },
  { id: "claim", label: "claim", keys: "i", scope: "list" },
  { id: "tag", label: "tag", keys: "t", scope: "list" },
  { id: "unread", label: "unread", keys: "u", scope: "list" },
  { id: "reply", label: "reply", keys: "r", scope: "thread" },
  { id: "note", label: "note", keys: "n", scope: "thread" },
  { id: "take", label: "take", keys: "b", scope: "thread" },
  { id: "episode.previous", label: "previousEpisode", keys: "[", scope: "thread", repeat: true },
  { id: "episode.next", label: "nextEpisode", keys: "]", scope: "thread", repeat: true },
  { id: "thread.first", label: "first", keys: "home", scope: "thread" },
  { id: "thread.last", label: "last", keys: "end", scope: "thread" },
  { id: "message.previous", label: "previousMessage", keys: "pageup", scope: "thread", repeat: true },
  { id: "message.next", label: "nextMessage", keys: "pagedown", scope: "thread", repeat: true },
  { id: "find", label: "find", keys: "f", scope: "thread" },
  { id: "panel", label: "panel", keys: "c", scope: "thread" },
  { id: "send", label: "send", keys: "mod+enter", scope: "composer", inText: true },
  { id: "send.close", label: "sendClose", keys: "mod+shift+enter", scope: "composer", inText: true },
  { id: "insert", label: "insert", keys: "/", scope: "composer", native: true },
  { id: "leave", label: "leave", keys: "escape", scope: "composer", inText: true },
  { id: "undo.typing", label: "undoTyping", keys: "mod+z", scope: "composer", native: true },
];

export const byId: ReadonlyMap<string, Command> = new Map(commands.map((command) => [command.id, command]));

/** The keys of a command after the person's own mapping. */
export function keysOf(id: string, mapped: Record<string, string> = {}): string {
  return mapped[id] ?? byId.get(id)?.keys ?? "";
}
