import { useEffect, useEffectEvent } from "react";
import { preferences } from "../state/preferences";
import { createStore } from "../state/store";
import { createMatcher, type Stroke } from "./chord";

type Handler = (event?: KeyboardEvent) => void;

/** Who answers to a command now; the last to come answers first. */
const answering = new Map<string, Handler[]>();
/** Changes when what can be done changes, for the palette. */
export const available = createStore<readonly string[]>([]);

function renew(): void {
  available.set([...answering.entries()].filter(([, handlers]) => handlers.length > 0).map(([id]) => id));
}

export function runCommand(id: string, event?: KeyboardEvent): boolean {
  const handler = answering.get(id)?.at(-1);
  if (!handler) return false;
  handler(event);
  return true;
}

/** Answers to a command while the component is there and enabled. */
export function useCommand(id: string, run: Handler, enabled = true): void {
  const latest = useEffectEvent(run);
  useEffect(() => {
    if (!enabled) return;
    const handler: Handler = (event) => latest(event);
    answering.set(id, [...(answering.get(id) ?? []), handler]);
    renew();
    return () => {
      answering.set(id, (answering.get(id) ?? []).filter((other) => other !== handler));
      renew();
    };
  }, [id, enabled]);
}

const notText = /^(button|checkbox|color|file|image|radio|range|reset|submit)$/;

export function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !notText.test(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function strokeOf(event: KeyboardEvent): Stroke {
  return {
    key: event.key,
    code: event.code,
    ctrlKey: event.ctrlKey,
    metaKey: event.metaKey,
    altKey: event.altKey,
    shiftKey: event.shiftKey,
    isComposing: event.isComposing || event.keyCode === 229,
    repeat: event.repeat,
    altGraph: event.getModifierState("AltGraph"),
    editable: isEditable(event.target),
  };
}

/** Listens for the whole window. A composer's commands need the focus in it; an open dialog keeps its keys. */
export function listenToKeyboard(): () => void {
  const matcher = createMatcher(() => preferences.get());
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const found = matcher.match(strokeOf(event), performance.now());
    if (found === null) return;
    const inComposer = event.target instanceof HTMLElement && event.target.closest("[data-composer]") !== null;
    for (const command of found.toReversed()) {
      if (command.scope === "composer" && !inComposer) continue;
      if (runCommand(command.id, event)) {
        event.preventDefault();
        return;
      }
    }
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
