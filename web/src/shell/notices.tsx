import { useEffect, useState } from "react";
import { CircleAlert, Undo2, X } from "lucide-react";
import { Button, IconButton } from "../design/button";
import { cx } from "../design/cx";
import { catalogue } from "../i18n/i18n";
import { useCommand } from "../keyboard/keyboard";
import { useStore } from "../state/store";
import { dismiss, notices, undoLast, type Notice } from "./undo";

const t = catalogue("notices", { undo: "Undo", dismiss: "Dismiss", region: "Notices" });

/** What was just done, at the bottom, with Undo. It waits while the pointer or the focus is on it. */
export function Notices() {
  const all = useStore(notices);
  const [held, setHeld] = useState(false);
  useCommand("undo", undoLast, all.some((notice) => notice.undo));
  useEffect(() => {
    if (held || all.length === 0) return;
    const next = Math.min(...all.map((notice) => notice.until));
    if (!Number.isFinite(next)) return;
    const timer = setTimeout(() => {
      for (const notice of notices.get()) if (notice.until <= Date.now()) dismiss(notice.id);
    }, Math.max(0, next - Date.now()) + 20);
    return () => clearTimeout(timer);
  }, [all, held]);
  return (
    <div
      role="status"
      aria-label={t("region")}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-none fixed inset-x-0 bottom-4 z-40 flex flex-col items-center gap-2 px-4 pb-[env(safe-area-inset-bottom)]"
    >
      {all.map((notice) => (
        <Line key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function Line({ notice }: { notice: Notice }) {
  const { undo } = notice;
  return (
    <div
      role={notice.tone === "danger" ? "alert" : undefined}
      className={cx(
        "rise pointer-events-auto flex max-w-full items-center gap-2 rounded-card border py-1 ps-3 pe-1 shadow-pop",
        notice.tone === "danger" ? "border-danger bg-danger-soft" : "border-border bg-raised",
      )}
    >
      {notice.tone === "danger" && <CircleAlert aria-hidden className="size-4 shrink-0 text-danger" />}
      <span className="min-w-0 py-1">{notice.text}</span>
      {undo && (
        <Button
          small
          look="quiet"
          icon={Undo2}
          className="text-accent-text"
          onClick={() => {
            dismiss(notice.id);
            undo();
          }}
        >
          {t("undo")}
        </Button>
      )}
      <IconButton small label={t("dismiss")} icon={X} onClick={() => dismiss(notice.id)} />
    </div>
  );
}
