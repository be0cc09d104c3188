import { useEffect, useRef, type ReactNode, type ThHTMLAttributes } from "react";
import { cx } from "./cx";

/** Title of the tab and focus on the heading: a change of place is announced and the keyboard starts there. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Parley` : "Parley";
  }, [title]);
}

/** The screen's heading with its actions. It takes the focus when the screen opens. */
export function PageHeader({ title, text, actions }: { title: string; text?: ReactNode; actions?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useTitle(title);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <header className="flex flex-wrap items-end justify-between gap-3 px-4 pt-5 pb-4 sm:px-6">
      <div className="min-w-0">
        <h1 ref={heading} tabIndex={-1} className="text-page font-semibold">
          {title}
        </h1>
        {text && <p className="mt-0.5 text-pretty text-text-2">{text}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

export function PageBody({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx("px-4 pb-10 sm:px-6", className)}>{children}</div>;
}

export function Card(props: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={cx("rounded-card border border-border bg-surface", props.className)}>
      {props.title && (
        <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-2 border-b border-border ps-4 pe-2 py-1.5">
          <h2 className="font-semibold">{props.title}</h2>
          {props.actions}
        </header>
      )}
      <div className={props.flush ? "" : "p-4"}>{props.children}</div>
    </section>
  );
}

/** A real table that scrolls sideways inside itself, never the page. */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <section tabIndex={0} aria-label={label} className="relative overflow-x-auto focus-visible:outline-offset-[-2px]">
      <table className="w-full border-collapse text-start">
        <caption className="sr-only">{label}</caption>
        <thead className="text-caption text-text-3">
          <tr className="border-b border-border">{head}</tr>
        </thead>
        <tbody className="[&>tr]:border-b [&>tr]:border-border [&>tr:last-child]:border-0">{children}</tbody>
      </table>
    </section>
  );
}

export function Th({ end, middle, ...rest }: ThHTMLAttributes<HTMLTableCellElement> & { end?: boolean; middle?: boolean }) {
  return <th scope="col" {...rest} className={cx("px-4 py-2 font-medium whitespace-nowrap", end ? "text-end" : middle ? "text-center" : "text-start", rest.className)} />;
}

export function Td({ end, top, children, className }: { end?: boolean; top?: boolean; children?: ReactNode; className?: string }) {
  return <td className={cx("px-4 py-2.5", top ? "align-top" : "align-middle", end && "tabular text-end", className)}>{children}</td>;
}

/** Panels of one place, chosen by tabs; arrows move between them. */
export function Tabs<T extends string>(props: {
  label: string;
  value: T;
  options: { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
}) {
  const { options, value, onChange } = props;
  const move = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const at = options.findIndex((option) => option.value === value);
    const next = options[(at + step + options.length) % options.length];
    if (!next) return;
    onChange(next.value);
    const tabs = event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]");
    tabs[(at + step + options.length) % options.length]?.focus();
  };
  return (
    <div role="tablist" aria-label={props.label} onKeyDown={move} className="flex gap-1 border-b border-border">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="tab"
          aria-selected={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
          className={cx(
            "-mb-px min-h-9 border-b-2 px-2.5 font-medium whitespace-nowrap focus-visible:outline-offset-[-2px]",
            option.value === value ? "border-accent text-text" : "border-transparent text-text-2 hover:text-text",
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
