import { useEffect } from "react";
import { call } from "../api/client";

/** Tells the others that this agent looks at a customer, or writes to them. Losing one is harmless. */
export function sendPresence(person: string, composing: boolean, viewing = true): void {
  void call("POST", "/presence", { body: { person_id: person, composing, viewing } });
}

/** Present while the conversation is open and the tab is seen. */
export function useViewing(person: string): void {
  useEffect(() => {
    const beat = () => {
      if (!document.hidden) sendPresence(person, false);
    };
    beat();
    const timer = setInterval(beat, 10_000);
    const leave = () => sendPresence(person, false, false);
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [person]);
}
