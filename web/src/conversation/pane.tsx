import { useCallback, useMemo } from "react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { narrow, useMedia } from "../design/media";
import { useMe } from "../shell/me";
import { ConversationPane } from "./conversation";
import { useDesk } from "./desk";
import { neighbour } from "./list";
import { listOf } from "./lists";
import { usePlace, useRoom, type DeskSearch } from "./place";

/** The conversation that the address names, beside its queue or, on a phone, in its place. */
export function ConversationRoute() {
  const me = useMe();
  const { drafts } = useDesk();
  const place = usePlace();
  const person = useParams({ strict: false }).person ?? "";
  const { m } = useSearch({ strict: false }) as DeskSearch;
  const { beside } = useRoom();
  const isNarrow = useMedia(narrow);
  const navigate = useNavigate();
  const search = useMemo(() => ({ view: place.view, q: place.q || undefined, sort: place.sort === "newest" ? place.sort : undefined }), [place]);
  const back = useCallback(() => {
    void drafts.flush();
    // What had the focus goes with the conversation.
    void navigate({ to: "/inbox", search }).then(() =>
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) document.getElementById("main")?.focus();
      }),
    );
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
