import { useState } from "react";
import { call } from "../api/client";
import { queryClient } from "../api/queries";
import { X } from "lucide-react";
import { Button, IconButton } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { connected } from "../feed/share";
import { useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { useStore } from "../state/store";
import { formatNumber } from "../text/money";
import { undo } from "./actions";
import { announceResync } from "../feed/changes";
import type { Place } from "./lists";
import { t } from "./text";

interface BulkProps {
  place: Place;
  total: number | undefined;
  selected: ReadonlySet<string>;
  onDone: () => void;
}

/** What to do with the chosen conversations, also those on pages not loaded. */
export function BulkBar({ place, total, selected, onDone }: BulkProps) {
  const [all, setAll] = useState(false);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState("");
  const online = useStore(connected);
  const me = useMe();
  const count = all ? (total ?? selected.size) : selected.size;

  const run = async (action: string, extra: object = {}) => {
    setBusy(action);
    const target = all ? { all: true } : { ids: [...selected] };
    const body = { view: place.view, q: place.q, action, ...target, ...extra };
    const result = await call<{ count: number; undo_token: string }>("POST", "/conversations/bulk", { body });
    setBusy("");
    setAsking(false);
    if (!result.ok) return void notify(t("failed", { detail: result.problem.detail }), { tone: "danger" });
    const { count: changed, undo_token: token } = result.data;
    notify(t("bulkDone", { n: changed }), token ? { seconds: 10, undo: () => void undo(token, "").then(announceResync) } : {});
    announceResync();
    void queryClient.invalidateQueries({ queryKey: ["counts"] });
    onDone();
  };

  return (
    <div role="region" aria-label={t("selected", { n: count })} className="border-y border-border bg-accent-soft px-3 py-2">
      <div className="flex flex-wrap items-center gap-1.5">
        <span role="status" className="me-auto font-semibold text-accent-text">
          {t("selected", { n: formatNumber(count) })}
        </span>
        <Button small disabled={!online} busy={busy === "assign"} onClick={() => void run("assign", { member_id: me.member.id })}>
          {t("bulkAssign")}
        </Button>
        <Button small disabled={!online} busy={busy === "read"} onClick={() => void run("read")}>
          {t("bulkRead")}
        </Button>
        <Button small disabled={!online} onClick={() => setAsking(true)}>
          {t("bulkClose")}
        </Button>
        <IconButton small label={t("clearSelection")} icon={X} onClick={onDone} />
      </div>
      {!online && <p className="pt-1 text-caption text-text-2">{t("bulkOffline")}</p>}
      {!all && total !== undefined && total > selected.size && (
        <Button small look="quiet" className="mt-1 text-accent-text" onClick={() => setAll(true)}>
          {t("selectAll", { n: formatNumber(total) })}
        </Button>
      )}
      <Dialog open={asking} title={t("bulkConfirm", { n: count })} onClose={() => setAsking(false)}>
        <p className="pb-3">{t("bulkConfirmText")}</p>
        <DialogActions>
          <Button autoFocus onClick={() => setAsking(false)}>
            {t("cancel")}
          </Button>
          <Button look="danger" busy={busy === "close"} onClick={() => void run("close")}>
            {t("bulkConfirm", { n: count })}
          </Button>
        </DialogActions>
      </Dialog>
    </div>
  );
}
