import { Link } from "@tanstack/react-router";
import { Dialog } from "../design/dialog";
import { workspaceNow } from "../state/clock";
import { dateTime, instant } from "../text/time";
import { t } from "./text";
import type { ThreadMessage } from "./thread";

/** What was recorded about why a message left, flattened to lines that can be read. */
export function evidence(why: Record<string, unknown>, prefix = ""): [string, string][] {
  return Object.entries(why).flatMap(([key, value]): [string, string][] => {
    const label = (prefix ? `${prefix} ` : "") + key.replaceAll("_", " ");
    if (value === "" || value === null || value === undefined) return [];
    if (typeof value === "object" && !Array.isArray(value)) return evidence(value as Record<string, unknown>, key === "caller" ? "" : label);
    const text = Array.isArray(value) ? value.join(", ") : String(value);
    const at = typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) ? instant(value) : undefined;
    return [[label, at === undefined ? text : dateTime(at, workspaceNow())]];
  });
}

export function WhyDialog({ message, customer, onClose }: { message: ThreadMessage; customer: string; onClose: () => void }) {
  const lines = evidence(message.why ?? {});
  const journey = message.author.kind === "journey" && message.author.id;
  return (
    <Dialog open title={t("whyTitle", { name: customer })} onClose={onClose}>
      {lines.length === 0 && <p>{t("whyNone")}</p>}
      <dl className="space-y-1.5">
        {lines.map(([label, text]) => (
          <div key={label} className="grid grid-cols-[10rem_1fr] gap-3 border-b border-border pb-1.5">
            <dt className="text-text-3 first-letter:uppercase">{label}</dt>
            <dd className="break-words">{text}</dd>
          </div>
        ))}
      </dl>
      {journey && (
        <Link to="/journeys/$journey" params={{ journey }} className="link mt-3 inline-block">
          {t("openJourney", { name: message.author.name })}
        </Link>
      )}
    </Dialog>
  );
}
