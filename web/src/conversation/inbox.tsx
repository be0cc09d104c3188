import { lazy, Suspense, useEffect } from "react";
import { Outlet, useParams } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { Dialog } from "../design/dialog";
import { cx } from "../design/cx";
import { narrow, useMedia } from "../design/media";
import { useTitle } from "../design/page";
import { EmptyState } from "../design/status";
import { connected } from "../feed/share";
import { useMe } from "../shell/me";
import { drawer } from "../shell/panels";
import { prefer } from "../state/preferences";
import { useStore } from "../state/store";
import { DeskContext, deskOf } from "./desk";
import { InboxList } from "./inboxList";
import { followLists } from "./lists";
import { usePlace, useRoom } from "./place";
import { t } from "./text";
import { followThreads } from "./threads";

const PersonPanel = lazy(() => import("../people/panel").then((m) => ({ default: m.PersonPanel })));
const PhoneDock = lazy(() => import("../sim/dock").then((m) => ({ default: m.PhoneDock })));

/** The agent's desk: queue, conversation, customer, and in a demo the phone. One pane at a time on a phone. */
export function DeskLayout() {
  const me = useMe();
  const desk = deskOf(me.member.id);
  const place = usePlace();
  const { person } = useParams({ strict: false });
  const isNarrow = useMedia(narrow);
  const { docked, beside } = useRoom();

  // Opening a conversation must not wait for its code: it is read while nothing else happens.
  useEffect(() => {
    const timer = setTimeout(() => void import("./pane"), 300);
    return () => clearTimeout(timer);
  }, []);
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
