import { useMemo } from "react";
import { useSearch } from "@tanstack/react-router";
import type { View } from "../api/types";
import { useMedia, wide, widest } from "../design/media";
import { allowed, useMe } from "../shell/me";
import { preferences } from "../state/preferences";
import { useStore } from "../state/store";
import type { Sort } from "./list";
import type { Place } from "./lists";

export interface DeskSearch {
  view?: View | undefined;
  q?: string | undefined;
  sort?: Sort | undefined;
  m?: string | undefined;
}

/** Which queue the address names. */
export function usePlace(): Place {
  const { view = "open", q = "", sort = "waiting" } = useSearch({ strict: false }) as DeskSearch;
  return useMemo(() => ({ view, q, sort }), [view, q, sort]);
}

/** What fits beside the thread. */
export function useRoom() {
  const me = useMe();
  const { demo } = me.workspace;
  const may = allowed(me, "sim.use");
  const { panel, dock } = useStore(preferences);
  const isWide = useMedia(wide);
  const isWidest = useMedia(widest);
  const docked = may && (dock ?? demo) && isWide;
  return { docked, beside: isWide && panel && (!docked || isWidest) };
}
