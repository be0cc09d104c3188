import { useState } from "react";
import { Plus, Smartphone } from "lucide-react";
import { problemOf } from "../api/client";
import { Button } from "../design/button";
import { Card, PageBody, PageHeader } from "../design/page";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { useMe } from "../shell/me";
import { AddPhone } from "./add";
import { usePhones } from "./api";
import { LocalOnly, phoneAddress } from "./dock";
import { Qr } from "./qrView";
import { t } from "./text";
import { ClockButtons } from "./tools";

/** All phones with their codes: hand one to each colleague. */
export function PhonesPage() {
  const { phones, isPending, isError, error, refetch } = usePhones();
  const me = useMe();
  const [adding, setAdding] = useState(false);
  return (
    <div className="scroll h-full">
      <PageHeader
        title={t("title")}
        text={t("text")}
        actions={
          <Button look="primary" icon={Plus} onClick={() => setAdding(true)}>
            {t("add")}
          </Button>
        }
      />
      <PageBody className="space-y-4">
        {me.workspace.demo && (
          <Card>
            <ClockButtons />
          </Card>
        )}
        {isPending && <Skeleton rows={3} />}
        {isError && <ErrorState problem={problemOf(error)} retry={() => void refetch()} />}
        {!isPending && !isError && phones.length === 0 && <EmptyState icon={Smartphone} title={t("none")} text={t("noneText")} />}
        {phones[0] && <LocalOnly url={phoneAddress(phones[0])} />}
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-4">
          {phones.map((phone) => (
            <li key={phone.number} className="striped flex rounded-card p-1.5">
              <div className="w-full space-y-2 rounded-control bg-surface p-4">
                <p className="text-section font-semibold">{phone.name}</p>
                <p className="text-text-2">
                  <bdi dir="ltr">{phone.number}</bdi> · {phone.country} · {phone.timezone}
                </p>
                <Qr text={phoneAddress(phone)} label={`${t("qr")}: ${phone.name}`} />
                <a href={phoneAddress(phone)} target="_blank" rel="noreferrer" className="link">
                  {t("open")}
                </a>
              </div>
            </li>
          ))}
        </ul>
      </PageBody>
      {adding && <AddPhone onClose={() => setAdding(false)} onMade={() => setAdding(false)} />}
    </div>
  );
}
