import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { call, problemOf } from "../api/client";
import { queries } from "../api/queries";
import type { Conversation } from "../api/types";
import { useTitle } from "../design/page";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { useCommand } from "../keyboard/keyboard";
import { useMe } from "../shell/me";
import { openPanel } from "../shell/panels";
import { notify } from "../shell/undo";
import { prefer } from "../state/preferences";
import { useStore } from "../state/store";
import { actions, nameOf } from "./actions";
import { Banners } from "./banners";
import type { BubbleAction } from "./bubble";
import { Composer } from "./composer";
import { useDesk } from "./desk";
import { FindBar } from "./find";
import { ConversationHeader } from "./header";
import { asMessage } from "./outbox";
import { useViewing } from "./presence";
import { t } from "./text";
import { withLocal, type Filter, type ThreadMessage } from "./thread";
import { loadNewest, mergeInto, threadOf } from "./threads";
import { ThreadView } from "./threadView";
import type { Message } from "../api/types";

interface PaneProps {
  person: string;
  message: string | undefined;
  onClosed: (person: string) => void;
  onBack: () => void;
  narrow: boolean;
  /** The customer's panel is beside the thread. */
  panelShown: boolean;
}

/** One conversation: who it is, what was said, and where to answer. */
export function ConversationPane(props: PaneProps) {
  const conversation = useQuery(queries.conversation(props.person));
  if (conversation.data) return <Open key={props.person} {...props} conversation={conversation.data} />;
  if (conversation.isError) {
    const problem = problemOf(conversation.error);
    if (problem.status === 404)
      return (
        <EmptyState
          whole
          icon={SearchX}
          title={t("notFound")}
          action={
            <Link to="/inbox" className="link">
              {t("toInbox")}
            </Link>
          }
        />
      );
    return <ErrorState problem={problem} retry={() => void conversation.refetch()} />;
  }
  return <Skeleton rows={6} height={80} retry={() => void conversation.refetch()} />;
}

function useMessages(person: string) {
  const me = useMe();
  const { outbox } = useDesk();
  const store = threadOf(person);
  const thread = useStore(store);
  const pending = useStore(outbox.pending);
  useEffect(() => {
    if (store.get().status === "empty") void loadNewest(person);
  }, [person, store]);
  const messages = useMemo(() => {
    const author = { id: me.member.id, name: me.member.name };
    const local = pending.filter((each) => each.person === person).map((each) => asMessage(each, author));
    return thread.last ? withLocal(thread.messages, local) : thread.messages;
  }, [thread, pending, person, me.member.id, me.member.name]);
  return { thread, messages: messages as readonly ThreadMessage[] };
}

/** What the words below a bubble do. */
function useBubbleActions(person: string) {
  const { outbox, drafts } = useDesk();
  const navigate = useNavigate();
  return useCallback(
    (message: ThreadMessage, action: BubbleAction) => {
      const post = async (what: "undo" | "retry") => {
        const result = await call<Message | undefined>("POST", `/messages/${encodeURIComponent(message.id)}/${what}`);
        if (!result.ok) return void notify(t("failed", { detail: result.problem.detail }), { tone: "danger" });
        if (result.data?.id) mergeInto(person, [result.data]);
        else void loadNewest(person);
        if (what === "undo") drafts.write(person, "reply", message.text);
      };
      const back = () => {
        if (message.local) outbox.discard(message.local.key);
        drafts.write(person, message.kind === "note" ? "note" : "reply", message.text);
      };
      if (action === "undo" || action === "retry") void post(action);
      else if (action === "retry_local" && message.local) void outbox.retry(message.local.key);
      else if (action === "edit" || action === "discard") back();
      else if (action === "edit_text") drafts.write(person, "reply", message.text);
      else if (action === "check_number" || action === "switch_channel") void navigate({ to: "/people/$person", params: { person } });
    },
    [person, outbox, drafts, navigate],
  );
}

function Open(props: PaneProps & { conversation: Conversation }) {
  const { conversation, person, message, onClosed, onBack, narrow } = props;
  const { thread, messages } = useMessages(person);
  const episodes = useQuery(queries.episodes(person)).data?.items ?? [];
  // The sentence about their local time is the server's and grows old within a minute.
  const profile = useQuery({ ...queries.person(person), refetchInterval: 60_000 }).data;
  const [filter, setFilter] = useState<Filter>("all");
  const [finding, setFinding] = useState(false);
  const [mark, setMark] = useState<string>();
  const [target, setTarget] = useState<{ message: string; n: number }>();
  const [sent, setSent] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const name = nameOf(conversation);
  const onAction = useBubbleActions(person);
  useTitle(name);
  useViewing(person);

  const jump = useCallback((to: string, text?: string) => {
    setMark(text);
    setTarget((before) => ({ message: to, n: (before?.n ?? 0) + 1 }));
  }, []);
  useEffect(() => {
    if (message) jump(message);
  }, [message, jump]);

  useCommand("find", () => setFinding(true));
  useCommand("panel", () => (props.panelShown ? prefer({ panel: false }) : openPanel()));

  return (
    <div ref={pane} className="flex h-full min-h-0 flex-col bg-surface">
      <ConversationHeader
        conversation={conversation}
        profile={profile}
        heading={heading}
        filter={filter}
        onFilter={setFilter}
        onFind={() => setFinding(true)}
        onClosed={() => onClosed(person)}
        onBack={onBack}
        narrow={narrow}
        panelShown={props.panelShown}
      />
      {finding && (
        <FindBar
          person={person}
          onGo={jump}
          onClose={() => {
            setFinding(false);
            setMark(undefined);
            heading.current?.focus();
          }}
        />
      )}
      <Banners conversation={conversation} />
      <ThreadView
        person={person}
        customer={name}
        thread={thread}
        messages={messages}
        episodes={episodes}
        filter={filter}
        mark={mark}
        target={target}
        sent={sent}
        onAction={onAction}
      />
      <Composer
        conversation={conversation}
        messages={messages}
        onJump={jump}
        onLeave={() => heading.current?.focus()}
        onSent={(close) => {
          setSent((n) => n + 1);
          if (close) {
            void actions.close(conversation);
            onClosed(person);
          }
        }}
      />
    </div>
  );
}
