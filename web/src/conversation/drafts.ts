import { call } from "../api/client";
import { recall, remember } from "../state/memory";
import { createStore, type Store } from "../state/store";

export type Mode = "reply" | "note";

export interface Draft {
  text: string;
  /** Version at the server that this text was written on. */
  version: number;
  /** Not yet at the server. */
  dirty: boolean;
}

export interface DraftServer {
  load(person: string, mode: Mode): Promise<{ text: string; version: number } | undefined>;
  save(person: string, mode: Mode, text: string, base: number): Promise<number | undefined>;
}

/**
 * What one agent has begun to write, by customer and by mode. There is no "current text" that could be carried to another
 * customer: every reading and writing names its own place. Each stroke is on this machine's disk before the next one.
 */
export interface Drafts {
  text(person: string, mode: Mode): string;
  write(person: string, mode: Mode, text: string): void;
  clear(person: string, mode: Mode): void;
  /** Takes the server's text where nothing was written here. */
  open(person: string, mode: Mode): Promise<void>;
  flush(): Promise<void>;
  changes: Store<number>;
}

const nothing: Draft = { text: "", version: 0, dirty: false };
const pause = 800;

export function createDrafts(member: string, server: DraftServer): Drafts {
  const changes = createStore(0);
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const place = (person: string, mode: Mode) => `draft.${member}.${person}.${mode}`;
  const read = (person: string, mode: Mode) => recall<Draft>(place(person, mode), nothing);
  const saves = new Map<string, () => Promise<void>>();

  const put = (person: string, mode: Mode, draft: Draft) => {
    remember(place(person, mode), draft.text || draft.dirty ? draft : undefined);
    changes.set((n) => n + 1);
  };

  const save = async (person: string, mode: Mode) => {
    const key = place(person, mode);
    clearTimeout(timers.get(key));
    timers.delete(key);
    saves.delete(key);
    const draft = read(person, mode);
    if (!draft.dirty) return;
    const version = await server.save(person, mode, draft.text, draft.version);
    if (version === undefined) return;
    const now = read(person, mode);
    put(person, mode, { ...now, version, dirty: now.text !== draft.text });
  };

  const saveLater = (person: string, mode: Mode) => {
    const key = place(person, mode);
    clearTimeout(timers.get(key));
    saves.set(key, () => save(person, mode));
    timers.set(key, setTimeout(() => void save(person, mode), pause));
  };

  return {
    changes,
    text: (person, mode) => read(person, mode).text,
    write(person, mode, text) {
      put(person, mode, { ...read(person, mode), text, dirty: true });
      saveLater(person, mode);
    },
    clear(person, mode) {
      put(person, mode, { ...read(person, mode), text: "", dirty: true });
      saveLater(person, mode);
    },
    async open(person, mode) {
      if (read(person, mode).dirty) return saveLater(person, mode);
      const found = await server.load(person, mode);
      const now = read(person, mode);
      if (found && !now.dirty) put(person, mode, { ...found, dirty: false });
    },
    async flush() {
      await Promise.all([...saves.values()].map((each) => each()));
    },
  };
}

const draftPath = (person: string) => `/conversations/${encodeURIComponent(person)}/draft`;

/** Drafts at the server; without a connection the text stays here and is sent later. */
export const draftServer: DraftServer = {
  async load(person, mode) {
    const result = await call<{ text: string; version: number } | undefined>("GET", draftPath(person), { query: { kind: mode } });
    return result.ok ? result.data : undefined;
  },
  async save(person, mode, text, base) {
    const put = (version: number) => call<{ version: number } | undefined>("PUT", draftPath(person), { body: { kind: mode, text, base_version: version } });
    let result = await put(base);
    if (!result.ok && result.problem.status === 409) {
      // Written on another device meanwhile: what is typed here is newer, so it goes on top of that version.
      const theirs = await draftServer.load(person, mode);
      if (theirs) result = await put(theirs.version);
    }
    return result.ok ? (result.data?.version ?? base + 1) : undefined;
  },
};
