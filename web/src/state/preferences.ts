import { recall, remember } from "./memory";
import { createStore } from "./store";

/** How one person likes the app to look and listen on this browser. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  /** Bare letters as shortcuts; off for speech input and for those who type by accident (WCAG 2.1.4). */
  letters: boolean;
  /** Enter sends. Off, because a text costs money and cannot be recalled. */
  enterSends: boolean;
  panel: boolean;
  /** The simulated phone beside the inbox; unset: in a demo only. */
  dock: boolean | null;
  /** Remapped shortcuts, by command. */
  keys: Record<string, string>;
}

const standard: Preferences = {
  theme: "system",
  density: "comfortable",
  letters: true,
  enterSends: false,
  panel: true,
  dock: null,
  keys: {},
};

export const preferences = createStore<Preferences>({ ...standard, ...recall<Partial<Preferences>>("preferences", {}) });

export function prefer(change: Partial<Preferences>): void {
  preferences.set((now) => ({ ...now, ...change }));
  remember("preferences", preferences.get());
  applyPreferences();
}

export function applyPreferences(): void {
  const { theme, density } = preferences.get();
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  root.dataset.density = density;
}
