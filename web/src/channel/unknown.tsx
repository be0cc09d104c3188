import { useQuery } from "@tanstack/react-query";
import { call, get } from "../api/client";
import { queryClient } from "../api/queries";
import type { Page } from "../api/types";
import { Button } from "../design/button";
import { Card } from "../design/page";
import { t } from "../org/text";
import { when } from "../people/sections";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";

interface Unknown {
  message: string;
  to: string;
  at: string;
}

/** Messages that may or may not have left: a person with the provider's log decides, never the machine. */
export function UnknownOutcomes() {
  const me = useMe();
  const { data } = useQuery({ queryKey: ["outbox", "unknown"], queryFn: ({ signal }) => get<Page<Unknown>>("/outbox", { state: "unknown" }, signal) });
  const items = data?.items ?? [];
  if (items.length === 0) return null;
  const resolve = async (message: string, sent: boolean) => {
    const result = await call("POST", `/outbox/${encodeURIComponent(message)}/resolve`, { body: { sent } });
    if (!result.ok) notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
    await queryClient.invalidateQueries({ queryKey: ["outbox"] });
  };
  return (
    <Card title={t("unknownOutcome")}>
      <p className="pb-2 text-text-2">{t("unknownText")}</p>
      <ul className="space-y-2">
        {items.map((item) => (
          <li key={item.message} className="flex flex-wrap items-center gap-2">
            <bdi dir="ltr">{item.to}</bdi>
            <time className="text-text-3">{when(item.at)}</time>
            {allowed(me, "channel.write") && (
              <span className="ms-auto flex gap-1.5">
                <Button small onClick={() => void resolve(item.message, true)}>
                  {t("wasSent")}
                </Button>
                <Button small onClick={() => void resolve(item.message, false)}>
                  {t("wasNotSent")}
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
