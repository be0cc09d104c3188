import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ExternalLink, PanelRightClose } from "lucide-react";
import { problemOf } from "../api/client";
import { queries } from "../api/queries";
import { IconButton } from "../design/button";
import { Tabs } from "../design/page";
import { ErrorState, Skeleton } from "../design/status";
import { ConsentSection } from "./consent";
import { Details, Identity } from "./identity";
import { CartSection, CodesSection, JourneysSection, OrdersSection, Section } from "./sections";
import { t } from "./text";
import { Timeline } from "./timeline";

/** Who is on the other end: beside the conversation, all that an answer needs. */
export function PersonPanel({ person, onClose }: { person: string; onClose?: () => void }) {
  const query = useQuery(queries.person(person));
  const [tab, setTab] = useState<"now" | "timeline">("now");
  if (query.isError) return <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={5} height={72} />;
  const { data } = query;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex items-center justify-between border-b border-border ps-2 pe-2">
        <Tabs
          label={t("panel")}
          value={tab}
          onChange={setTab}
          options={[
            { value: "now", label: t("overview") },
            { value: "timeline", label: t("timeline") },
          ]}
        />
        <span className="flex">
          <Link
            to="/people/$person"
            params={{ person }}
            aria-label={t("profile")}
            title={t("profile")}
            className="grid size-(--control) place-items-center rounded-control text-text-2 hover:bg-hover hover:text-text"
          >
            <ExternalLink aria-hidden className="size-4" />
          </Link>
          {onClose && <IconButton label={t("close")} icon={PanelRightClose} onClick={onClose} className="rtl:-scale-x-100" />}
        </span>
      </header>
      <div className="scroll min-h-0 flex-1">
        {tab === "now" ? (
          <>
            <div className="p-4">
              <Identity person={data} />
            </div>
            <CartSection person={person} />
            <Section title={t("consent")}>
              <ConsentSection person={person} />
            </Section>
            <OrdersSection person={person} />
            <JourneysSection person={person} name={data.name} />
            <CodesSection person={person} />
            <Section title={t("details")}>
              <Details person={data} />
            </Section>
          </>
        ) : (
          <div className="p-4">
            <Timeline person={person} />
          </div>
        )}
      </div>
    </div>
  );
}
