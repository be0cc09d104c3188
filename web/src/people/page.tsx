import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { MessageSquare } from "lucide-react";
import { problemOf } from "../api/client";
import { queries } from "../api/queries";
import { Card, PageBody, PageHeader } from "../design/page";
import { ErrorState, Skeleton } from "../design/status";
import { ConsentSection } from "./consent";
import { Details, Identity, mainNumber } from "./identity";
import { CartSection, CodesSection, JourneysSection, OrdersSection } from "./sections";
import { t } from "./text";
import { Timeline } from "./timeline";

/** One customer on one page: details at the start, the timeline beside it. */
export function PersonPage() {
  const person = useParams({ strict: false }).person ?? "";
  const query = useQuery(queries.person(person));
  if (query.isError) {
    const problem = problemOf(query.error);
    return <ErrorState problem={problem.status === 404 ? { ...problem, detail: t("notFound") } : problem} retry={() => void query.refetch()} />;
  }
  if (!query.data) return <Skeleton rows={8} />;
  const { data } = query;
  return (
    <div className="scroll h-full">
      <PageHeader
        title={data.name || mainNumber(data)}
        actions={
          <Link
            to="/c/$person"
            params={{ person }}
            className="inline-flex min-h-(--control) items-center gap-1.5 rounded-control bg-accent px-3 font-medium text-on-accent hover:brightness-110"
          >
            <MessageSquare aria-hidden className="size-4" />
            {t("conversation")}
          </Link>
        }
      />
      <PageBody className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
        <div className="space-y-4">
          <Card>
            <Identity person={data} />
          </Card>
          <Card title={t("consent")}>
            <ConsentSection person={person} />
          </Card>
          <Card flush>
            <div className="[&>section:first-child]:border-0">
              <CartSection person={person} />
              <OrdersSection person={person} />
              <JourneysSection person={person} name={data.name} />
              <CodesSection person={person} />
            </div>
          </Card>
          <Card title={t("details")}>
            <Details person={data} />
          </Card>
        </div>
        <Card title={t("timeline")}>
          <Timeline person={person} />
        </Card>
      </PageBody>
    </div>
  );
}
