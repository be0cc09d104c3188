import { lazy, Suspense, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChartNoAxesColumn, CircleHelp, Download } from "lucide-react";
import { address, problemOf } from "../api/client";
import { queries } from "../api/queries";
import type { RecoveryGroup, RecoveryReport, RecoverySum } from "../api/types";
import { cartWord, reasonWord } from "../commerce/states";
import { Segmented } from "../design/form";
import { Card, PageBody, PageHeader, Table, Td, Th } from "../design/page";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import type { ReportSearch } from "../router";
import { workspaceNow } from "../state/clock";
import { cx } from "../design/cx";
import { formatMoney, formatNumber, formatPercent } from "../text/money";
import { dateTime, dayKey, instant } from "../text/time";
import { Rows } from "./rows";
import { t } from "./text";

const Chart = lazy(() => import("./chart").then((m) => ({ default: m.Chart })));

const spans = { "7": 7, "30": 30, "90": 90 } as const;
type Span = keyof typeof spans;

const day = 86_400_000;

function moneyOf(sum: RecoverySum): string {
  return [sum.recovered, ...(sum.others ?? [])].map((money) => formatMoney(money)).join(" + ");
}

/** What a metric counts, in a sentence that opens on focus and on press. */
function Meaning({ text, inside }: { text: string | undefined; inside?: boolean }) {
  if (!text) return null;
  return (
    <details className="group inline-block sm:relative">
      <summary aria-label={t("meaning")} className="inline-grid size-6 list-none place-items-center rounded-full text-text-3 hover:text-text [&::-webkit-details-marker]:hidden">
        <CircleHelp aria-hidden className="size-3.5" />
      </summary>
      <p className={cx("absolute start-0 top-7 z-20 rounded-card", inside ? "max-sm:inset-x-0 max-sm:top-10 sm:w-64" : "w-64", " border border-border bg-raised p-3 text-caption font-normal text-pretty text-text-2 shadow-pop")}>{text}</p>
    </details>
  );
}

interface Open {
  metric: string;
  key?: string | undefined;
}

function OpenLink({ search, open, children, big }: { search: ReportSearch; open: Open; children: React.ReactNode; big?: boolean }) {
  return (
    <Link
      to="/reports"
      search={{ from: search.from, to: search.to, metric: open.metric, key: open.key }}
      className={big ? "tabular text-section font-semibold whitespace-nowrap sm:text-number decoration-2 underline-offset-4 hover:underline" : "tabular font-medium underline decoration-border-strong underline-offset-2 hover:decoration-current"}
    >
      {children}
    </Link>
  );
}

function Figure(props: { label: string; meaning: string | undefined; note?: string; children: React.ReactNode }) {
  return (
    <div className="relative rounded-card border border-border bg-surface p-4">
      <p className="flex min-h-6 items-center gap-1 text-caption text-text-2">
        {props.label}
        <Meaning inside text={props.meaning} />
      </p>
      {props.children}
      {props.note && <p className="text-caption text-text-3">{props.note}</p>}
    </div>
  );
}

function Figures({ report, search }: { report: RecoveryReport; search: ReportSearch }) {
  const { rate, definitions } = report;
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Figure label={t("recovered")} meaning={report.rule}>
        <OpenLink big search={search} open={{ metric: "orders" }}>
          {moneyOf(report)}
        </OpenLink>
      </Figure>
      <Figure label={t("orders")} meaning={definitions.orders} note={report.cancelled.orders > 0 ? t("cancelled", { n: report.cancelled.orders }) : ""}>
        <OpenLink big search={search} open={{ metric: "orders" }}>
          {formatNumber(report.orders)}
        </OpenLink>
      </Figure>
      <Figure label={t("rate")} meaning={definitions.reminded_recovered} note={t("ofReminded", { n: formatNumber(rate.recovered), all: formatNumber(rate.reminded) })}>
        <OpenLink big search={search} open={{ metric: "reminded_recovered" }}>
          {rate.percent === undefined ? t("tooFew") : formatPercent(rate.percent / 100)}
        </OpenLink>
      </Figure>
      <Figure label={t("abandoned")} meaning={definitions.carts}>
        <OpenLink big search={search} open={{ metric: "carts" }}>
          {formatNumber(report.carts_total)}
        </OpenLink>
      </Figure>
    </div>
  );
}

function Groups(props: { title: string; meaning: string | undefined; metric: string; groups: RecoveryGroup[] | null; search: ReportSearch }) {
  const groups = props.groups ?? [];
  return (
    <Card
      flush
      title={
        <span className="relative flex items-center gap-1">
          {props.title}
          <Meaning text={props.meaning} />
        </span>
      }
    >
      {groups.length === 0 ? (
        <p className="p-4 text-text-3">{t("nothing")}</p>
      ) : (
        <Table
          label={props.title}
          head={
            <>
              <Th>{t("name")}</Th>
              <Th end>{t("orders")}</Th>
              <Th end>{t("recovered")}</Th>
            </>
          }
        >
          {groups.map((group) => (
            <tr key={group.key}>
              <Td>{group.name || group.key || t("nobody")}</Td>
              <Td end>
                <OpenLink search={props.search} open={{ metric: props.metric, key: group.key }}>
                  {formatNumber(group.orders)}
                </OpenLink>
              </Td>
              <Td end className="tabular">
                {moneyOf(group)}
              </Td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function Daily({ report, search }: { report: RecoveryReport; search: ReportSearch }) {
  const [shape, setShape] = useState<"chart" | "table">("chart");
  const days = report.daily ?? [];
  return (
    <Card
      flush
      title={
        <span className="flex items-center gap-1">
          {t("daily")}
          <Meaning text={report.definitions.daily} />
        </span>
      }
      actions={
        <Segmented
          label={t("shape")}
          value={shape}
          onChange={setShape}
          options={[
            { value: "chart", label: t("chart") },
            { value: "table", label: t("table") },
          ]}
        />
      }
    >
      {shape === "chart" ? (
        <div className="p-4">
          <Suspense fallback={<Skeleton rows={3} />}>
            <Chart days={days} currency={report.recovered.currency} />
          </Suspense>
        </div>
      ) : (
        <div className="max-h-80 overflow-y-auto">
          <Table
            label={t("daily")}
            head={
              <>
                <Th>{t("day")}</Th>
                <Th end>{t("orders")}</Th>
                <Th end>{t("recovered")}</Th>
              </>
            }
          >
            {days.toReversed().map((each) => (
              <tr key={each.date}>
                <Td>
                  {each.date}
                  {each.partial && <span className="text-caption text-text-3"> · {t("partial")}</span>}
                </Td>
                <Td end>
                  {each.orders > 0 ? (
                    <OpenLink search={search} open={{ metric: "daily", key: each.date }}>
                      {formatNumber(each.orders)}
                    </OpenLink>
                  ) : (
                    0
                  )}
                </Td>
                <Td end className="tabular">
                  {moneyOf(each)}
                </Td>
              </tr>
            ))}
          </Table>
        </div>
      )}
    </Card>
  );
}

function Counted(props: { title: string; meaning: string | undefined; lines: { key: string; name: string; n: number }[]; metric: string; search: ReportSearch }) {
  const most = Math.max(1, ...props.lines.map((line) => line.n));
  return (
    <Card
      title={
        <span className="flex items-center gap-1">
          {props.title}
          <Meaning text={props.meaning} />
        </span>
      }
    >
      {props.lines.length === 0 && <p className="text-text-3">{t("nothing")}</p>}
      <ul className="space-y-2">
        {props.lines.map((line) => (
          <li key={line.key} className="grid grid-cols-[8.5rem_1fr_auto] items-center gap-3">
            <span className="truncate">{line.name}</span>
            <span aria-hidden className="h-2 rounded-full bg-sunken">
              <span className="block h-2 rounded-full bg-accent" style={{ width: `${(line.n / most) * 100}%` }} />
            </span>
            <OpenLink search={props.search} open={{ metric: props.metric, key: line.key }}>
              {formatNumber(line.n)}
            </OpenLink>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Revenue that came back: every number opens the orders or carts behind it. */
export function ReportPage() {
  const search = useSearch({ strict: false }) as ReportSearch;
  const navigate = useNavigate();
  const [now] = useState(workspaceNow);
  const from = search.from ?? dayKey(now - 29 * day);
  const to = search.to ?? dayKey(now);
  const query = useQuery(queries.recovery(from, to));
  const at = { ...search, from, to };
  const length = String(Math.round((Date.parse(to) - Date.parse(from)) / day) + 1);
  const csv = address("/reports/recovery.csv", { from, to });
  return (
    <div className="scroll h-full">
      <PageHeader
        title={t("title")}
        text={query.data && t("rule", { rule: query.data.rule })}
        actions={
          <>
            <Segmented<Span | "">
              label={t("period")}
              value={length in spans ? (length as Span) : ""}
              onChange={(value) => value && void navigate({ to: "/reports", search: { from: dayKey(now - (spans[value] - 1) * day), to: dayKey(now) } })}
              options={(Object.keys(spans) as Span[]).map((value) => ({ value, label: t("days", { n: value }) }))}
            />
            <a href={csv} download className="inline-flex min-h-(--control) items-center gap-1.5 rounded-control border border-border-strong bg-surface px-3 font-medium hover:bg-sunken">
              <Download aria-hidden className="size-4" />
              {t("csv")}
            </a>
          </>
        }
      />
      <PageBody className="space-y-4">
        {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
        {query.isPending && <Skeleton rows={6} />}
        {query.data && query.data.carts_total + query.data.orders === 0 && (
          <EmptyState
            icon={ChartNoAxesColumn}
            title={t("none")}
            text={t("noneText")}
            sample={
              <p>
                <span className="block text-caption text-text-2">{t("recovered")}</span>
                <span className="text-number font-semibold">€115.20</span>
              </p>
            }
          />
        )}
        {query.data && query.data.carts_total + query.data.orders > 0 && (
          <>
            <Figures report={query.data} search={at} />
            {search.metric && <Rows search={at} metric={search.metric} onClose={() => void navigate({ to: "/reports", search: { from, to } })} />}
            <Daily report={query.data} search={at} />
            <div className="grid gap-4 lg:grid-cols-2">
              <Groups title={t("byAgent")} meaning={query.data.definitions.by_agent} metric="by_agent" groups={query.data.by_agent} search={at} />
              <Groups title={t("byJourney")} meaning={query.data.definitions.by_journey} metric="by_journey" groups={query.data.by_journey} search={at} />
              <Groups title={t("byMessage")} meaning={query.data.definitions.by_message} metric="by_message" groups={query.data.by_message} search={at} />
              <Groups title={t("byCode")} meaning={query.data.definitions.by_code} metric="by_code" groups={query.data.by_code} search={at} />
              <Counted
                title={t("byState")}
                meaning={query.data.definitions.by_state}
                metric="by_state"
                search={at}
                lines={Object.entries(query.data.carts).map(([state, n]) => ({ key: state, name: cartWord(state), n }))}
              />
              <Counted
                title={t("reasons")}
                meaning={query.data.definitions.reasons}
                metric="reasons"
                search={at}
                lines={(query.data.reasons ?? []).map(({ key, carts }) => ({ key, name: key ? reasonWord(key) : t("noReason"), n: carts }))}
              />
            </div>
            <p className="text-caption text-text-3">
              {t("foot", { zone: query.data.timezone, time: dateTime(instant(query.data.data_at) ?? now, now) })} {query.data.simulated && t("simulated")}
            </p>
          </>
        )}
      </PageBody>
    </div>
  );
}
