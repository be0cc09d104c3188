import { useCallback, useEffect, useMemo, lazy, Suspense } from "react";
import { Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { Dialog } from "../design/dialog";
import { cx } from "../design/cx";
import { narrow, useMedia, wide, widest } from "../design/media";
import { useTitle } from "../design/page";
import { EmptyState } from "../design/status";
import { connected } from "../feed/share";
import { useMe } from "../shell/me";
import { drawer } from "../shell/panels";
import { prefer, preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { DeskContext, deskOf, useDesk } from "./desk";
import { InboxList } from "./inboxList";
import { ConversationPane } from "./conversation";
import { neighbour, type Sort } from "./list";
import { followLists, listOf, type Place } from "./lists";
import { t } from "./text";
import { followThreads } from "./threads";
import type { View } from "../api/types";

const PersonPanel = lazy(() => import("../people/panel").then((m) => ({ default: m.PersonPanel })));
const PhoneDock = lazy(() => import("../sim/dock").then((m) => ({ default: m.PhoneDock })));

export interface DeskSearch {
  view?: View | undefined;
  q?: string | undefined;
  sort?: Sort | undefined;
  m?: string | undefined;
}

function usePlace(): Place {
  const { view = "open", q = "", sort = "waiting" } = useSearch({ strict: false }) as DeskSearch;
  return useMemo(() => ({ view, q, sort }), [view, q, sort]);
}

/** What fits beside the thread. */
function useRoom(demo: boolean) {
  const { panel, dock } = useStore(preferences);
  const isWide = useMedia(wide);
  const isWidest = useMedia(widest);
  const docked = demo && dock && isWide;
  return { docked, beside: isWide && panel && (!docked || isWidest) };
}

/** The agent's desk: queue, conversation, customer, and in a demo the phone. One pane at a time on a phone. */
export function DeskLayout() {
  const me = useMe();
  const desk = deskOf(me.member.id);
  const place = usePlace();
  const { person } = useParams({ strict: false });
  const isNarrow = useMedia(narrow);
  const { docked, beside } = useRoom(me.workspace.demo);

  useEffect(() => {
    const stops = [followLists(), followThreads(), connected.subscribe(() => connected.get() && void desk.outbox.flush())];
    void desk.outbox.flush();
    const leave = () => void desk.drafts.flush();
    window.addEventListener("pagehide", leave);
    return () => {
      stops.forEach((stop) => stop());
      window.removeEventListener("pagehide", leave);
    };
  }, [desk]);

  return (
    <DeskContext value={desk}>
      <div className="flex h-full min-h-0">
        {!(isNarrow && person) && (
          <div className={cx("min-w-0 border-e border-border", isNarrow ? "w-full" : "w-[clamp(17.5rem,27vw,21.25rem)] shrink-0")}>
            <InboxList key={`${place.view}`} place={place} person={person} beside={!isNarrow} />
          </div>
        )}
        {!(isNarrow && !person) && (
          <div className="min-w-0 flex-1">
            <Outlet />
          </div>
        )}
        {person && beside && (
          <aside className="w-80 shrink-0 border-s border-border bg-surface">
            <Suspense>
              <PersonPanel key={person} person={person} onClose={() => prefer({ panel: false })} />
            </Suspense>
          </aside>
        )}
        {docked && (
          <aside className="w-80 shrink-0 border-s border-border">
            <Suspense>
              <PhoneDock person={person} />
            </Suspense>
          </aside>
        )}
        {person && !beside && <PanelDrawer person={person} />}
      </div>
    </DeskContext>
  );
}

/** The customer's panel over the thread, where there is no room beside it. */
function PanelDrawer({ person }: { person: string }) {
  const open = useStore(drawer);
  useEffect(() => () => drawer.set(false), [person]);
  return (
    <Dialog drawer open={open} title={t("panel")} onClose={() => drawer.set(false)}>
      <Suspense>
        <PersonPanel person={person} />
      </Suspense>
    </Dialog>
  );
}

export function NoConversation() {
  useTitle(t("inbox"));
  return (
    <div className="grid h-full place-items-center">
      <EmptyState icon={MessagesSquare} title={t("choose")} text={t("chooseText")} />
    </div>
  );
}

export function ConversationRoute() {
  const me = useMe();
  const { drafts } = useDesk();
  const place = usePlace();
  const person = useParams({ strict: false }).person ?? "";
  const { m } = useSearch({ strict: false }) as DeskSearch;
  const { beside } = useRoom(me.workspace.demo);
  const isNarrow = useMedia(narrow);
  const navigate = useNavigate();
  const search = useMemo(() => ({ view: place.view, q: place.q || undefined, sort: place.sort === "newest" ? place.sort : undefined }), [place]);
  const back = useCallback(() => {
    void drafts.flush();
    void navigate({ to: "/inbox", search });
  }, [navigate, search, drafts]);

  /** The next conversation takes the place of the one that left, with the focus. */
  const onClosed = useCallback(
    (left: string) => {
      const next = neighbour(listOf(place, me.member.id).store.get().items, left);
      if (isNarrow || !next) return back();
      void navigate({ to: "/c/$person", params: { person: next }, search });
      requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-row="${CSS.escape(next)}"]`)?.focus()));
    },
    [place, me.member.id, isNarrow, back, navigate, search],
  );
  return <ConversationPane person={person} message={m} onClosed={onClosed} onBack={back} narrow={isNarrow} panelShown={beside} />;
}
