import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { CircleStop, GitBranch, Hand, MessageSquareText, Pause, PenLine, Play, Rocket, Ticket, Timer, TriangleAlert, type LucideIcon } from "lucide-react";
import { call, problemOf } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { Journey, JourneyStep } from "../api/types";
import { Button } from "../design/button";
import { cx } from "../design/cx";
import { Dialog, DialogActions } from "../design/dialog";
import { Card, PageBody, PageHeader, Table, Td, Th } from "../design/page";
import { Banner, Chip, ErrorState, Skeleton } from "../design/status";
import { when } from "../people/sections";
import { allowed, useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { count } from "../text/segments";
import { t as conversationText } from "../conversation/text";
import { insideOf, journeyTones } from "./journeys";
import { armsOf, rulesOf, stepText, t } from "./sentence";

const icons: Record<JourneyStep["type"], LucideIcon> = {
  wait: Timer,
  branch: GitBranch,
  send: MessageSquareText,
  offer: Ticket,
  hand: Hand,
  set: PenLine,
  stop: CircleStop,
};

function Step({ step, here }: { step: JourneyStep; here: ReadonlyMap<string, number> }) {
  const Icon = icons[step.type];
  const { currency } = useMe().workspace;
  const text = step.text ?? step.draft;
  const standing = here.get(step.id) ?? 0;
  return (
    <li>
      <div id={`step-${step.id}`} className={cx("flex gap-3 rounded-card border border-border bg-surface p-3", !text && "items-center")}>
        <span className="grid size-8 shrink-0 place-items-center rounded-full bg-info-soft text-info">
          <Icon aria-hidden className="size-4" />
        </span>
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-baseline gap-x-2 font-medium">
            {stepText(step)}
            <code className="font-mono text-meta font-normal text-text-3">{step.id}</code>
            {standing > 0 && (
              <span className="ms-auto">
                <Chip tone="accent">{t("here", { n: standing })}</Chip>
              </span>
            )}
          </p>
          {text && (
            <>
              <p className="mt-1 rounded-field bg-sunken px-2 py-1.5 whitespace-pre-wrap text-text-2">{text}</p>
              <p className="tabular mt-0.5 text-caption text-text-3">
                {count(text).encoding} · {conversationText("segments", { n: count(text).segments })}
              </p>
            </>
          )}
        </div>
      </div>
      {armsOf(step, currency).map((arm) => (
        <div key={arm.label} className="ms-4 border-s-2 border-border ps-4 pt-3">
          <p className="pb-2 text-caption font-semibold text-text-2">{arm.label}</p>
          <Steps steps={arm.steps} here={here} />
        </div>
      ))}
    </li>
  );
}

function Steps({ steps, here }: { steps: readonly JourneyStep[]; here: ReadonlyMap<string, number> }) {
  return (
    <ol className="space-y-3">
      {steps.map((step) => (
        <Step key={step.id} step={step} here={here} />
      ))}
    </ol>
  );
}

function Runs({ journey }: { journey: string }) {
  const runs = itemsOf(useQuery(queries.journeyRuns(journey)).data);
  return (
    <Card flush title={t("runs")}>
      {runs.length === 0 ? (
        <p className="p-4 text-text-3">{t("noRuns")}</p>
      ) : (
        <Table
          label={t("runs")}
          head={
            <>
              <Th>{t("person")}</Th>
              <Th>{t("state")}</Th>
              <Th>{t("step")}</Th>
              <Th end>{t("next")}</Th>
              <Th end>{t("started")}</Th>
            </>
          }
        >
          {runs.map((run) => (
            <tr key={run.run_id} className="hover:bg-hover">
              <Td>
                <RunPerson person={run.person_id} />
              </Td>
              <Td>{run.result || run.state}</Td>
              <Td>
                <code className="font-mono text-caption">{run.step}</code>
              </Td>
              <Td end className="whitespace-nowrap">
                {when(run.next_at)}
              </Td>
              <Td end className="whitespace-nowrap text-text-2">
                {when(run.started_at)}
              </Td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function RunPerson({ person }: { person: string }) {
  const { data } = useQuery(queries.person(person));
  return (
    <Link to="/c/$person" params={{ person }} className="font-medium hover:underline">
      <bdi>{data?.name ?? "…"}</bdi>
    </Link>
  );
}

async function change(journey: Journey, what: "publish" | "pause" | "resume"): Promise<void> {
  const result = await call<Journey>("POST", `/journeys/${encodeURIComponent(journey.id)}/${what}`, { body: {} });
  if (result.ok) notify(t("done", { name: journey.name, state: t(result.data.state).toLowerCase() }));
  else notify(t("failed", { detail: result.problem.detail }), { tone: "danger" });
  await queryClient.invalidateQueries({ queryKey: ["journeys"] });
}

/** One journey as an outline that reads like a page: rules first, then the steps and their ways. */
export function JourneyPage() {
  const id = useParams({ strict: false }).journey ?? "";
  const me = useMe();
  const query = useQuery(queries.journey(id));
  const [asking, setAsking] = useState(false);
  if (query.isError) return <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={6} height={72} />;
  const { data: journey } = query;
  const problems = journey.problems ?? [];
  const may = allowed(me, "journey.write");
  const here = new Map<string, number>();
  for (const each of journey.standings ?? []) if (!each.result) here.set(each.step, (here.get(each.step) ?? 0) + each.count);
  return (
    <div className="scroll h-full">
      <PageHeader
        title={journey.name}
        text={
          <span className="flex flex-wrap items-center gap-2">
            <Chip tone={journeyTones[journey.state]}>{t(journey.state)}</Chip>
            {journey.version > 0 && t("version", { n: journey.version })} · {t("waiting", { n: insideOf(journey) })}
          </span>
        }
        actions={
          may && (
            <>
              {journey.state === "live" && (
                <Button icon={Pause} title={t("paused2")} onClick={() => void change(journey, "pause")}>
                  {t("pause")}
                </Button>
              )}
              {journey.state === "paused" && (
                <Button icon={Play} onClick={() => void change(journey, "resume")}>
                  {t("resume")}
                </Button>
              )}
              <Button look="primary" icon={Rocket} disabled={problems.length > 0} onClick={() => setAsking(true)}>
                {t("publish")}
              </Button>
            </>
          )
        }
      />
      <PageBody className="max-w-4xl space-y-4">
        {journey.draft.about && <p className="text-text-2">{journey.draft.about}</p>}
        {problems.length > 0 && (
          <Banner tone="warn" icon={TriangleAlert}>
            <p className="font-semibold">{t("problems", { n: problems.length })}</p>
            <ul className="list-disc ps-4">
              {problems.map((problem) => (
                <li key={problem.step + problem.text}>
                  <a href={`#step-${problem.step}`} className="link">
                    {problem.step}
                  </a>
                  : {problem.text}
                </li>
              ))}
            </ul>
          </Banner>
        )}
        <Card>
          <dl className="space-y-1.5">
            {rulesOf(journey.draft, me.workspace.currency).map(([label, text]) => (
              <div key={label + text} className="grid grid-cols-[7rem_1fr] gap-2">
                <dt className="text-text-3">{label}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </Card>
        <section aria-label={t("outline")}>
          <Steps steps={journey.draft.steps ?? []} here={here} />
        </section>
        <Runs journey={journey.id} />
      </PageBody>
      <Dialog open={asking} title={t("publishTitle", { name: journey.name })} onClose={() => setAsking(false)}>
        <p className="pb-3">{t("publishText", { n: insideOf(journey) })}</p>
        <DialogActions>
          <Button autoFocus onClick={() => setAsking(false)}>
            {t("cancel")}
          </Button>
          <Button
            look="primary"
            onClick={() => {
              setAsking(false);
              void change(journey, "publish");
            }}
          >
            {t("publish")}
          </Button>
        </DialogActions>
      </Dialog>
    </div>
  );
}
