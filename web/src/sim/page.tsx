import { useEffect } from "react";
import { useParams, useSearch } from "@tanstack/react-router";
import { Smartphone } from "lucide-react";
import { useTitle } from "../design/page";
import { EmptyState, Skeleton } from "../design/status";
import { Notices } from "../shell/notices";
import { setWorkspaceClock } from "../state/clock";
import { useScreen } from "./api";
import { Phone } from "./phone";
import { ShopButtons } from "./tools";
import { t } from "./text";

/** One phone on the whole screen: what a guest sees who scanned the code. */
export function PhonePage() {
  const number = useParams({ strict: false }).number ?? "";
  const { t: token } = useSearch({ strict: false }) as { t?: string };
  const handle = { number, token };
  const { data, isError } = useScreen(handle);
  // A guest has no session to learn the workspace's time from.
  const now = data?.now;
  useEffect(() => {
    if (now) setWorkspaceClock({ now, skipped_seconds: 0 });
  }, [now]);
  useTitle(data ? t("phone", { name: data.phone.name }) : t("title"));
  if (isError && !data) return (
      <main>
        <EmptyState whole icon={Smartphone} title={t("invalid")} />
      </main>
    );
  if (!data) return <Skeleton rows={5} />;
  return (
    <main className="mx-auto flex h-dvh max-w-md flex-col bg-canvas">
      <h1 className="sr-only">{t("phone", { name: data.phone.name })}</h1>
      <Phone phone={data.phone} handle={handle} full />
      <details className="shrink-0 border-t border-border bg-surface px-3 py-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
        <summary className="min-h-6 text-caption font-semibold text-text-2">{t("shop")}</summary>
        <div className="pt-2">
          <ShopButtons handle={handle} />
        </div>
      </details>
      <Notices />
    </main>
  );
}
