import { useEffect, useId, useRef, type ReactNode } from "react";
import { X } from "lucide-react";
import { catalogue } from "../i18n/i18n";
import { cx } from "./cx";
import { IconButton } from "./button";

const t = catalogue("dialog", { close: "Close" });

interface DialogProps {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** Slides from the end edge and keeps the full height. */
  drawer?: boolean;
}

/** Where the keyboard begins: the first field, else the first action, which is the one that changes nothing. */
function firstOf(dialog: HTMLElement): HTMLElement | null {
  return dialog.querySelector<HTMLElement>(":is(input, textarea, select):not([type=hidden], :disabled)") ?? dialog.querySelector<HTMLElement>("[data-actions] button:not(:disabled)");
}

/** A modal on the platform's own dialog: focus stays in, Escape closes, focus returns to where it was. */
export function Dialog({ open, title, onClose, children, wide, drawer }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const back = useRef<Element | null>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || !open) return;
    back.current = document.activeElement;
    if (!dialog.open) dialog.showModal();
    if (!drawer) firstOf(dialog)?.focus();
    return () => {
      dialog.close();
      if (back.current instanceof HTMLElement && back.current.isConnected) back.current.focus();
    };
  }, [open, drawer]);
  if (!open) return null;
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
      className={cx(
        "bg-raised p-0 text-text shadow-pop",
        drawer
          ? "slide-in ms-auto me-0 my-0 h-dvh max-h-dvh w-[min(24rem,100vw)] max-w-none border-s border-border"
          : cx("rise m-auto max-h-[min(90dvh,48rem)] rounded-card border border-border", wide ? "w-[min(52rem,94vw)]" : "w-[min(30rem,94vw)]"),
      )}
    >
      <div className="flex max-h-[inherit] flex-col">
        <header className="flex items-center justify-between gap-2 border-b border-border ps-4 pe-2 py-2">
          <h2 id={id} className="text-section font-semibold">
            {title}
          </h2>
          <IconButton label={t("close")} icon={X} onClick={onClose} />
        </header>
        <div className={cx("scroll min-h-0 flex-1", !drawer && "p-4")}>{children}</div>
      </div>
    </dialog>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div data-actions className="flex flex-wrap justify-end gap-2 pt-2">{children}</div>;
}
