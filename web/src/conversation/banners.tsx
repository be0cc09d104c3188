import { useQuery } from "@tanstack/react-query";
import { Bot, MegaphoneOff, PenLine } from "lucide-react";
import { queries } from "../api/queries";
import type { Conversation } from "../api/types";
import { Button } from "../design/button";
import { Kbd } from "../design/kbd";
import { Banner } from "../design/status";
import { useCommand } from "../keyboard/keyboard";
import { keysOf } from "../keyboard/table";
import { useMe } from "../shell/me";
import { useState } from "react";
import { actions, nameOf } from "./actions";
import { t } from "./text";

/** What must be known before answering: the bot has the floor, a colleague writes, marketing was refused. */
export function Banners({ conversation }: { conversation: Conversation }) {
  const [busy, setBusy] = useState(false);
  const bot = conversation.floor === "bot";
  const take = async () => {
    setBusy(true);
    await actions.takeOver(conversation);
    setBusy(false);
  };
  useCommand("take", () => void (bot ? take() : actions.handBack(conversation)));
  const cards = useQuery(queries.consent(conversation.person_id)).data?.cards ?? [];
  const marketing = cards.find((card) => card.medium === "sms" && card.purpose === "marketing" && card.state === "revoked");
  return (
    <>
      {bot && (
        <Banner
          tone="bot"
          icon={Bot}
          action={
            <Button small busy={busy} onClick={() => void take()}>
              {t("takeOver")} <Kbd keys={keysOf("take")} />
            </Button>
          }
        >
          {t("botHandling", { name: conversation.preview_author === "bot" ? conversation.preview_author_name || "Bot" : "Bot" })}
        </Banner>
      )}
      {marketing && !conversation.opted_out && (
        <Banner tone="info" icon={MegaphoneOff}>
          {t("marketingOnly", { name: nameOf(conversation) })}
        </Banner>
      )}
      {conversation.needs_review && (
        <Banner tone="warn" alert>
          {t("needsReview", { name: nameOf(conversation) })}
        </Banner>
      )}
      <Writers conversation={conversation} />
    </>
  );
}

function Writers({ conversation }: { conversation: Conversation }) {
  const me = useMe();
  const writing = (conversation.viewers ?? []).filter((viewer) => viewer.composing && viewer.id !== me.member.id);
  if (writing.length === 0) return null;
  return (
    <p role="status" className="fade-in flex items-center gap-1.5 bg-sunken px-4 py-1 text-caption text-text-2">
      <PenLine aria-hidden className="size-3.5" />
      {t("composing", { names: writing.map((viewer) => viewer.name).join(", ") })}
    </p>
  );
}
