import { useEffectEvent, useId, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import type { LucideIcon } from "lucide-react";
import { cx } from "./cx";
import { Kbd } from "./kbd";

export interface MenuItem {
  key: string;
  label: ReactNode;
  detail?: ReactNode;
  icon?: LucideIcon;
  keys?: string | undefined;
  danger?: boolean;
  checked?: boolean;
  disabled?: string | undefined;
  run: () => void;
}

/** Puts a popover beside its anchor, inside the window. */
export function placeBeside(anchor: HTMLElement, box: HTMLElement): void {
  const from = anchor.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = from.bottom + 4 + height <= innerHeight;
  const start = document.dir === "rtl" ? from.right - width : from.left;
  box.style.top = `${Math.max(8, below ? from.bottom + 4 : from.top - height - 4)}px`;
  box.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
}

interface MenuProps {
  items: MenuItem[];
  label: string;
  /** Draws the button; spread what it gets on it. */
  trigger: (props: {
    ref: RefObject<HTMLButtonElement | null>;
    onClick: () => void;
    "aria-expanded": boolean;
    "aria-haspopup": "menu";
  }) => ReactNode;
}

/** A menu of actions: arrows move, a letter jumps, Escape returns to its button. */
export function Menu({ items, label, trigger }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      {trigger({ ref: button, onClick: () => setOpen(!open), "aria-expanded": open, "aria-haspopup": "menu" })}
      {open && (
        <MenuPopover
          items={items}
          label={label}
          anchor={button}
          onClose={(focus) => {
            setOpen(false);
            if (focus) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

export function MenuPopover(props: {
  items: MenuItem[];
  label: string;
  anchor: RefObject<HTMLElement | null>;
  onClose: (focus: boolean) => void;
}) {
  const { items, label, anchor, onClose } = props;
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const leave = useEffectEvent(() => onClose(false));
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.showPopover();
    if (anchor.current) placeBeside(anchor.current, element);
    element.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!element.contains(target) && !anchor.current?.contains(target)) leave();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [anchor]);
  const move = (event: React.KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const go = (to: number) => {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    };
    if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(all.length - 1);
    else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      onClose(true);
    } else if (event.key.length === 1) {
      const letter = event.key.toLowerCase();
      const found = all.findIndex((item, i) => i > at && item.innerText.toLowerCase().startsWith(letter));
      if (found >= 0) go(found);
    }
    event.stopPropagation();
  };
  return (
    <div
      ref={box}
      popover="manual"
      role="menu"
      id={id}
      aria-label={label}
      onKeyDown={move}
      className="rise fixed max-h-80 min-w-48 max-w-80 overflow-y-auto rounded-card border border-border bg-raised p-1 shadow-pop"
    >
      {items.map((item) => (
        <MenuRow key={item.key} item={item} onDone={() => onClose(true)} />
      ))}
    </div>
  );
}

function MenuRow({ item, onDone }: { item: MenuItem; onDone: () => void }) {
  const Icon = item.icon;
  return (
    <button
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={item.checked}
      aria-disabled={item.disabled ? true : undefined}
      tabIndex={-1}
      onClick={() => {
        if (item.disabled) return;
        onDone();
        item.run();
      }}
      className={cx(
        "flex min-h-8 w-full items-center gap-2 rounded-control px-2 py-1 text-start text-body hover:bg-hover focus-visible:bg-hover focus-visible:outline-offset-[-2px]",
        item.danger && "text-danger",
        item.checked && "font-semibold text-accent-text",
      )}
    >
      {Icon && <Icon aria-hidden className="size-4 shrink-0 text-current opacity-80" />}
      <span className="min-w-0 flex-1">
        <span className="block truncate">{item.label}</span>
        {(item.disabled || item.detail) && <span className="block text-caption text-text-3">{item.disabled || item.detail}</span>}
      </span>
      {item.keys && <Kbd keys={item.keys} />}
    </button>
  );
}
