import { createStore } from "../state/store";
import { prefer } from "../state/preferences";

/** The customer's panel where it covers the thread; beside the thread it follows the person's preference. */
export const drawer = createStore(false);

export function openPanel(): void {
  prefer({ panel: true });
  drawer.set(true);
}
