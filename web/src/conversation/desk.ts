import { createContext, useContext } from "react";
import type { Problem } from "../api/client";
import { createDrafts, draftServer, type Drafts, type Mode } from "./drafts";
import { refreshConversation } from "./lists";
import { createOutbox, postMessage, type Outbox } from "./outbox";
import { loadNewest, mergeInto } from "./threads";
import { createStore, type Store } from "../state/store";

/** A text that came back from sending: others wrote first, or the customer opted out. */
export interface Returned {
  person: string;
  kind: Mode;
  problem: Problem;
}

/** What one agent has on the desk: drafts, and messages on their way. */
export interface DeskState {
  drafts: Drafts;
  outbox: Outbox;
  returned: Store<Returned | undefined>;
}

const desks = new Map<string, DeskState>();

export function deskOf(member: string): DeskState {
  let desk = desks.get(member);
  if (!desk) {
    const drafts = createDrafts(member, draftServer);
    const returned = createStore<Returned | undefined>(undefined);
    const outbox = createOutbox({
      member,
      post: postMessage,
      onAccepted: (message, accepted) => {
        if (accepted?.id) mergeInto(message.person, [accepted]);
        refreshConversation(message.person);
      },
      onReturned: (message, problem) => {
        const before = drafts.text(message.person, message.kind);
        drafts.write(message.person, message.kind, before && before !== message.text ? `${message.text}\n${before}` : message.text);
        returned.set({ person: message.person, kind: message.kind, problem });
        void loadNewest(message.person);
        refreshConversation(message.person);
      },
    });
    desk = { drafts, outbox, returned };
    desks.set(member, desk);
  }
  return desk;
}

export const DeskContext = createContext<DeskState | null>(null);

export function useDesk(): DeskState {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("useDesk outside of the desk");
  return desk;
}
