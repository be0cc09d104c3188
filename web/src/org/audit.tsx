import { useInfiniteQuery } from "@tanstack/react-query";
import { get, problemOf } from "../api/client";
import type { AuditEntry, Page } from "../api/types";
import { Button } from "../design/button";
import { Card, Table, Td, Th } from "../design/page";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { when } from "../people/sections";
import { t } from "./text";

const show = (value: unknown): string => (value === undefined || value === null || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

/** The fields that differ, each with what it was and what it is. */
export function differences(entry: Pick<AuditEntry, "before" | "after">): [string, string, string][] {
  const { before = {}, after = {} } = entry;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key): [string, string, string] => [key, show(before[key]), show(after[key])])
    .filter(([, was, is]) => was !== is);
}

export function AuditSection() {
  const query = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam, signal }) => get<Page<AuditEntry>>("/audit", { cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    staleTime: 0,
  });
  const entries = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <>
      {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={6} height={40} />}
      {query.isSuccess && entries.length === 0 && <EmptyState title={t("noAudit")} />}
      {entries.length > 0 && (
        <Card flush>
          <Table
            label={t("audit")}
            head={
              <>
                <Th>{t("when")}</Th>
                <Th>{t("who")}</Th>
                <Th>{t("what")}</Th>
                <Th>
                  {t("before")} → {t("after")}
                </Th>
              </>
            }
          >
            {entries.map((entry) => (
              <tr key={entry.id}>
                <Td top className="tabular whitespace-nowrap text-text-2">{when(entry.at)}</Td>
                <Td top className="whitespace-nowrap">{entry.actor.name || entry.actor.ref}</Td>
                <Td top>
                  <span className="block">{entry.action}</span>
                  <code className="font-mono text-meta text-text-3">{entry.object}</code>
                </Td>
                <Td top className="min-w-64 text-caption">
                  {differences(entry).map(([key, before, after]) => (
                    <span key={key} className="block wrap-anywhere">
                      <b className="font-medium">{key}</b>: <del className="text-text-3">{before}</del> → {after}
                    </span>
                  ))}
                </Td>
              </tr>
            ))}
          </Table>
        </Card>
      )}
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </>
  );
}
