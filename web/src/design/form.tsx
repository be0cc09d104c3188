import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";
import { CircleAlert } from "lucide-react";
import { cx } from "./cx";

interface Around {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
}

function Frame(props: Around & { id: string; children: ReactNode }) {
  return (
    <div className="space-y-1">
      <label htmlFor={props.id} className="block text-caption font-medium text-text-2">
        {props.label}
      </label>
      {props.children}
      {props.error ? (
        <p id={`${props.id}-error`} className="flex items-center gap-1 text-caption text-danger">
          <CircleAlert aria-hidden className="size-3.5 shrink-0" />
          {props.error}
        </p>
      ) : (
        props.help && (
          <p id={`${props.id}-help`} className="text-caption text-text-3">
            {props.help}
          </p>
        )
      )}
    </div>
  );
}

function describe(id: string, props: Around) {
  return {
    id,
    "aria-invalid": props.error ? true : undefined,
    "aria-describedby": props.error ? `${id}-error` : props.help ? `${id}-help` : undefined,
  };
}

type FieldProps = Around & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> };

export function Field({ label, help, error, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error}>
      <input {...rest} {...describe(id, { label, help, error })} className={cx("field", className)} />
    </Frame>
  );
}

export function Area({ label, help, error, className, ...rest }: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error}>
      <textarea {...rest} {...describe(id, { label, help, error })} className={cx("field", className)} />
    </Frame>
  );
}

export function Select({ label, help, error, className, children, ...rest }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error}>
      <select {...rest} {...describe(id, { label, help, error })} className={cx("field", className)}>
        {children}
      </select>
    </Frame>
  );
}

/** A yes or no with its sentence beside it. */
export function Check(props: Omit<InputHTMLAttributes<HTMLInputElement>, "type"> & { label: ReactNode; help?: ReactNode }) {
  const { label, help, className, ...rest } = props;
  const id = useId();
  return (
    <div className={cx("flex items-start gap-2", className)}>
      <input {...rest} id={id} type="checkbox" className="mt-0.5 size-4 shrink-0" aria-describedby={help ? `${id}-help` : undefined} />
      <label htmlFor={id} className="min-w-0">
        {label}
        {help && (
          <span id={`${id}-help`} className="block text-caption text-text-3">
            {help}
          </span>
        )}
      </label>
    </div>
  );
}

/** A few choices side by side, one of them taken. */
export function Segmented<T extends string>(props: {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <div role="radiogroup" aria-label={props.label} className="inline-flex rounded-control border border-border-strong bg-sunken p-0.5">
      {props.options.map((option) => (
        <label
          key={option.value}
          className={cx(
            "relative inline-flex min-h-7 cursor-pointer items-center rounded-field px-2.5 text-caption font-medium has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-focus",
            props.value === option.value ? "bg-raised text-text shadow-[0_0_0_1px_var(--border)]" : "text-text-2 hover:text-text",
          )}
        >
          <input
            type="radio"
            className="absolute inset-0 cursor-pointer opacity-0"
            checked={props.value === option.value}
            onChange={() => props.onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}
