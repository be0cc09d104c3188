import { useState, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { Plus, Store } from "lucide-react";
import { call, fieldError, problemOf, type Problem } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { Shop } from "../api/types";
import { Button } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Area, Field } from "../design/form";
import { Card } from "../design/page";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { CopyField } from "../org/copy";
import { t } from "../org/text";
import { when } from "../people/sections";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";

function ShopDialog({ shop, onClose }: { shop: Shop | undefined; onClose: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const name = shop?.name ?? text("name");
    const body = {
      kind: "shopify",
      domain: text("domain"),
      ...(text("secret") ? { secret: text("secret") } : {}),
      ...(text("token") ? { token: text("token") } : {}),
      consent_wording: text("wording"),
    };
    const result = await call("PUT", `/shops/${encodeURIComponent(name)}`, { body });
    if (!result.ok) return setProblem(result.problem);
    await queryClient.invalidateQueries({ queryKey: ["shops"] });
    onClose();
  };
  const kept = shop ? t("secretSet") : undefined;
  return (
    <Dialog open title={shop?.name ?? t("shopConnect")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="space-y-3">
        {!shop && <Field label={t("shopName")} name="name" pattern="[a-z0-9_\-]+" required defaultValue="shop" error={fieldError(problem, "name")} />}
        <Field label={t("shopDomain")} name="domain" required defaultValue={shop?.domain} placeholder="brand.myshopify.com" error={fieldError(problem, "domain")} />
        <Field label={t("shopSecret")} help={kept} name="secret" type="password" required={!shop} autoComplete="off" />
        <Field label={t("shopToken")} help={kept} name="token" type="password" autoComplete="off" />
        <Area label={t("shopWording")} help={t("shopWordingHelp")} name="wording" rows={3} maxLength={2000} defaultValue={shop?.consent_wording} />
        {problem && <ErrorState problem={problem} compact />}
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="primary">
            {t("save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function ShopSection() {
  const me = useMe();
  const query = useQuery({ ...queries.shops(), refetchInterval: 15_000 });
  const [open, setOpen] = useState<{ shop?: Shop }>();
  const shops = itemsOf(query.data);
  const may = allowed(me, "channel.write");
  const add = may && (
    <Button look="primary" icon={Plus} onClick={() => setOpen({})}>
      {t("shopConnect")}
    </Button>
  );
  const replay = async () => {
    const result = await call<{ count: number }>("POST", "/shops/replay", { body: {} });
    if (result.ok) notify(t("replayed", { n: result.data.count }));
    else notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
  };
  return (
    <>
      {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={2} height={90} />}
      {query.isSuccess && shops.length === 0 && <EmptyState icon={Store} title={t("shopNone")} text={t("shopNoneText")} action={add} />}
      {shops.map((shop) => (
        <Card
          key={shop.id}
          title={
            <span>
              {shop.name} <span className="font-normal text-text-3">{shop.domain}</span>
            </span>
          }
          actions={
            may && (
              <span className="flex gap-1.5 py-1">
                <Button small onClick={() => void replay()}>
                  {t("replay")}
                </Button>
                <Button small onClick={() => setOpen({ shop })}>
                  {t("edit")}
                </Button>
              </span>
            )
          }
        >
          <div className="space-y-3">
            {shop.problem && <p className="text-danger">{shop.problem}</p>}
            <p>
              <span className="text-text-3">{t("lastWebhook")}: </span>
              {when(shop.last_webhook_at) || t("never")}
            </p>
            <CopyField label={t("shopWebhook")} value={`${location.origin}/hooks/${me.workspace.slug}/${shop.name}`} />
          </div>
        </Card>
      ))}
      {shops.length > 0 && add}
      {open && <ShopDialog shop={open.shop} onClose={() => setOpen(undefined)} />}
    </>
  );
}
