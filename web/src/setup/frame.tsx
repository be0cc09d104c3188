import type { ReactNode } from "react";
import { catalogue } from "../i18n/i18n";

const t = catalogue("frame", {
  promise: "Runs on your machine. No requests to anyone else, no telemetry.",
});

export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className="text-accent">
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path
        d="M8 9.500A2.500 2.500 0 0 1 10.500 7h7A2.500 2.500 0 0 1 20 9.500v4a2.500 2.500 0 0 1-2.500 2.500H13l-3.600 2.900a.4.4 0 0 1-.65-.31V16A2.500 2.500 0 0 1 8 13.500z"
        className="fill-on-accent"
      />
      <path
        d="M22 12.500a2.500 2.500 0 0 1 2.500 2.500v4a2.500 2.500 0 0 1-1.250 2.170V24.600a.4.4 0 0 1-.65.310L18.900 22H15a2.500 2.500 0 0 1-2.450-2h5.950a3.500 3.500 0 0 0 3.500-3.500z"
        className="fill-on-accent"
        opacity=".72"
      />
    </svg>
  );
}

/** The page before there is a session: one card in the middle. */
export function Frame({ title, text, children, wide }: { title: string; text: string; children: ReactNode; wide?: boolean }) {
  return (
    <main className="scroll flex h-full flex-col items-center px-4 py-8 sm:justify-center">
      <div className={`w-full ${wide ? "max-w-xl" : "max-w-sm"}`}>
        <Mark size={40} />
        <h1 tabIndex={-1} className="mt-5 text-page font-semibold">
          {title}
        </h1>
        <p className="mt-1 mb-5 text-pretty text-text-2">{text}</p>
        <div className="rounded-card border border-border bg-surface p-5">{children}</div>
        <p className="mt-4 text-caption text-text-3">{t("promise")}</p>
      </div>
    </main>
  );
}
