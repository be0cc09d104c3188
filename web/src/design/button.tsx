import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import type { LucideIcon } from "lucide-react";
import { cx } from "./cx";
import { Spinner } from "./status";

type Look = "primary" | "plain" | "quiet" | "danger" | "note";

const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:brightness-110 active:brightness-95",
  plain: "bg-surface text-text border-border-strong hover:bg-sunken active:bg-press",
  quiet: "bg-transparent text-text-2 border-transparent hover:bg-hover hover:text-text active:bg-press",
  danger: "bg-surface text-danger border-danger hover:bg-danger-soft",
  note: "bg-note-bg text-note-fg border-note-edge hover:brightness-97",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  busy?: boolean;
  icon?: LucideIcon;
  ref?: Ref<HTMLButtonElement>;
}

/** A labelled action. Busy keeps its width and stays focusable. */
export function Button({ look = "plain", small, busy, icon: Icon, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      {...rest}
      disabled={rest.disabled || busy}
      className={cx(
        "inline-flex items-center justify-center gap-1.5 rounded-control border font-medium whitespace-nowrap select-none",
        "transition-[background-color,filter] duration-(--quick) disabled:opacity-55 disabled:hover:brightness-100",
        small ? "min-h-7 px-2 text-caption" : "min-h-(--control) px-3 text-body",
        looks[look],
        className,
      )}
    >
      {busy ? <Spinner /> : Icon && <Icon aria-hidden className={small ? "size-3.5" : "size-4"} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "icon" | "children"> {
  label: string;
  icon: LucideIcon;
  hint?: string;
  pressed?: boolean;
  children?: ReactNode;
}

/** An action shown as an icon; its name is spoken and shown on hover, with its shortcut. */
export function IconButton({ label, icon: Icon, hint, pressed, small, className, look = "quiet", ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={hint ? `${label} (${hint})` : label}
      aria-pressed={pressed}
      {...rest}
      className={cx(
        "inline-grid place-items-center rounded-control border transition-colors duration-(--quick) disabled:opacity-50",
        small ? "size-7" : "size-(--control)",
        looks[look],
        pressed && "bg-accent-soft text-accent-text",
        className,
      )}
    >
      <Icon aria-hidden className={small ? "size-4" : "size-[1.125rem]"} />
    </button>
  );
}
