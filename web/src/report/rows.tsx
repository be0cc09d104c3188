import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download, X } from "lucide-react";
import { address, get, problemOf } from "../api/client";
import type { Page, RecoveryRow } from "../api/types";
import { cartTone, cartWord } from "../commerce/states";
import { Button, IconButton } from "../design/button";
import { Card, Table, Td, Th } from "../design/page";
import { Chip, ErrorState, Skeleton } from "../design/status";
import { when } from "../people/sections";
import type { ReportSearch } from "../router";
import { formatMoney, formatNumber } from "../text/money";
import { t } from "./text";

/** The orders or carts that a figure counts; their number is the figure. */
export function Rows({ search, metric, onClose }: { search: ReportSearch; metric: string; onClose: () => void }) {
  const { from, to, key } = search;
  const filter = { metric, key, from, to };
  const query = useInfiniteQuery({
    queryKey: ["recovery", "rows", filter],
    queryFn: ({ pageParam, signal }) => get<Page<RecoveryRow>>("/reports/recovery/rows", { ...filter, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  const total = query.data?.pages[0]?.total ?? rows.length;
  return (
    <Card
      flush
      className="border-accent"
      title={
        <span>
          {t("rows")} <span className="tabular font-normal text-text-2">· {t("total", { n: total }).replace(String(total), formatNumber(total))}</span>
        </span>
      }
      actions={
        <span className="flex items-center">
          <a href={address("/reports/recovery/rows.csv", filter)} download aria-label={t("csv")} title={t("csv")} className="grid size-(--control) place-items-center rounded-control text-text-2 hover:bg-hover">
            <Download aria-hidden className="size-4" />
          </a>
          <IconButton label={t("closeRows")} icon={X} onClick={onClose} />
        </span>
      }
    >
      {query.isError && <ErrorState compact problem={problemOf(query.error)} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={3} height={40} />}
      {rows.length > 0 && (
        <div className="max-h-96 overflow-y-auto">
          <Table
            label={t("rows")}
            head={
              <>
                <Th>{t("customer")}</Th>
                <Th>{t("order")}</Th>
                <Th>{t("state")}</Th>
                <Th>{t("agent")}</Th>
                <Th>{t("journey")}</Th>
                <Th>{t("code")}</Th>
                <Th end>{t("cart")}</Th>
                <Th end>{t("recovered")}</Th>
                <Th end>{t("when")}</Th>
              </>
            }
          >
            {rows.map((row) => (
              <tr key={`${row.cart_id}${row.order_id}`} className="hover:bg-hover">
                <Td>
                  <Link to="/c/$person" params={{ person: row.person_id }} search={row.message_id ? { m: row.message_id } : {}} className="font-medium hover:underline">
                    <bdi>{row.person_name || row.number}</bdi>
                  </Link>
                </Td>
                <Td>{row.order_name || row.order_id}</Td>
                <Td>
                  <Chip tone={cartTone(row.cart_state)}>{cartWord(row.cart_state)}</Chip>
                </Td>
                <Td>{row.member}</Td>
                <Td>{row.journey}</Td>
                <Td>
                  <code className="font-mono text-caption">{row.code}</code>
                </Td>
                <Td end>{formatMoney(row.cart_total)}</Td>
                <Td end className="font-medium">
                  {formatMoney(row.recovered)}
                </Td>
                <Td end className="whitespace-nowrap text-text-2">
                  {when(row.at)}
                </Td>
              </tr>
            ))}
          </Table>
        </div>
      )}
      {query.hasNextPage && (
        <Button small className="m-3" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </Card>
  );
}
