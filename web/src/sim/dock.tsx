import { useEffect, useState } from "react";
import { ExternalLink, Plus, QrCode, X } from "lucide-react";
import { problemOf } from "../api/client";
import type { SimPhone } from "../api/types";
import { Button, IconButton } from "../design/button";
import { Dialog } from "../design/dialog";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { recall, remember } from "../state/memory";
import { prefer } from "../state/preferences";
import { AddPhone } from "./add";
import { usePhones } from "./api";
import { Phone } from "./phone";
import { Qr } from "./qrView";
import { t } from "./text";
import { ClockButtons, Dials, ShopButtons } from "./tools";

/** Where a colleague opens this phone: as the server is reached from outside, or else as this page was. */
export function phoneAddress(phone: SimPhone): string {
  return phone.url || `${location.origin}/sim/${encodeURIComponent(phone.number)}?t=${encodeURIComponent(phone.token ?? "")}`;
}

/** Beside the inbox: one of the phones, and what can be done to it. It follows the open conversation. */
export function PhoneDock({ person }: { person: string | undefined }) {
  const { phones, isPending, isError, error, refetch } = usePhones();
  const [number, setNumber] = useState(() => recall("phone", ""));
  const [shown, setShown] = useState<"" | "qr" | "add">("");
  const theirs = phones.find((phone) => phone.person_id !== "" && phone.person_id === person)?.number;
  useEffect(() => {
    if (theirs) setNumber(theirs);
  }, [theirs]);
  const phone = phones.find((each) => each.number === number) ?? phones[0];
  const choose = (next: string) => {
    setNumber(next);
    remember("phone", next);
  };
  return (
    <div className="flex h-full min-h-0 flex-col bg-canvas">
      <header className="flex items-center gap-1 ps-3 pe-1.5 py-1.5">
        <select
          aria-label={t("choose")}
          value={phone?.number ?? ""}
          onChange={(event) => choose(event.target.value)}
          className="min-h-8 min-w-0 flex-1 rounded-control border-0 bg-transparent font-semibold"
        >
          {phones.map((each) => (
            <option key={each.number} value={each.number}>
              {each.name}
            </option>
          ))}
        </select>
        <IconButton small label={t("add")} icon={Plus} onClick={() => setShown("add")} />
        {phone && <IconButton small label={t("qr")} icon={QrCode} onClick={() => setShown("qr")} />}
        <IconButton small label={t("hide")} icon={X} onClick={() => prefer({ dock: false })} />
      </header>
      {isPending && <Skeleton rows={4} />}
      {isError && <ErrorState compact problem={problemOf(error)} retry={() => void refetch()} />}
      {!isPending && !isError && !phone && <EmptyState title={t("none")} text={t("noneText")} action={<Button onClick={() => setShown("add")}>{t("add")}</Button>} />}
      {phone && (
        <>
          <div className="flex min-h-0 flex-1 flex-col px-2">
            <Phone key={phone.number} phone={phone} handle={{ number: phone.number, person: phone.person_id }} />
          </div>
          <div className="scroll max-h-[42%] shrink-0 space-y-3 p-3">
            <ShopButtons handle={{ number: phone.number, person: phone.person_id }} />
            <ClockButtons />
            <Dials key={phone.number} phone={phone} handle={{ number: phone.number, person: phone.person_id }} />
          </div>
          {shown === "qr" && <QrDialog phone={phone} onClose={() => setShown("")} />}
        </>
      )}
      {shown === "add" && <AddPhone onClose={() => setShown("")} onMade={choose} />}
    </div>
  );
}

/** A code that names this machine by a name that only this machine knows. */
export function LocalOnly({ url }: { url: string }) {
  if (!/^https?:\/\/(localhost|127\.|\[::1\])/.test(url)) return null;
  return <p className="text-caption text-warn">{t("qrLocal")}</p>;
}

export function QrDialog({ phone, onClose }: { phone: SimPhone; onClose: () => void }) {
  const url = phoneAddress(phone);
  return (
    <Dialog open title={t("qr")} onClose={onClose}>
      <div className="mx-auto max-w-64 space-y-3">
        <Qr text={url} label={t("qr")} />
        <p className="text-center text-text-2">{t("qrText")}</p>
        <LocalOnly url={url} />
        <a href={url} target="_blank" rel="noreferrer" className="link flex items-center justify-center gap-1">
          <ExternalLink aria-hidden className="size-4" />
          {t("open")}
        </a>
      </div>
    </Dialog>
  );
}
