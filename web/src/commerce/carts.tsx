import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChartNoAxesColumn, ShoppingCart } from "lucide-react";
import { get, problemOf } from "../api/client";
import { queries } from "../api/queries";
import type { Cart, CartColumn, Page } from "../api/types";
import { Button } from "../design/button";
import { Segmented } from "../design/form";
import { Card, PageBody, PageHeader, Table, Td, Th } from "../design/page";
import { Chip, EmptyState, ErrorState, Skeleton } from "../design/status";
import { cx } from "../design/cx";
import { catalogue } from "../i18n/i18n";
import { formatMoney, formatNumber } from "../text/money";
import { when } from "../people/sections";
import { cartStates, cartTone, cartWord, reasonWord } from "./states";

const t = catalogue("carts", {
  title: "Carts",
  text: "Carts that customers left, and what became of them. One cart gets one reminder.",
  show: "Show as",
  board: "Board",
  list: "List",
  report: "Recovered revenue",
  state: "State",
  all: "All",
  customer: "Customer",
  items: "Items",
  total: "Total",
  left: "Left",
  reason: "Reason",
  none: "No cart yet",
  noneText: "Carts arrive from your shop. In the demo, press Leave a cart on the phone.",
  noneAction: "Connect a shop",
  empty: "None",
  more: "Load more",
  moreOf: "and {n} more",
  sampleTitle: "Linen dress · blue, M",
});

function names(cart: Cart): string {
  return (cart.items ?? []).map((line) => (line.quantity > 1 ? `${line.quantity} × ${line.title}` : line.title)).join(", ");
}

function BoardCard({ cart }: { cart: Cart }) {
  return (
    <li className="relative rounded-card border border-border bg-surface p-3 hover:border-border-strong">
      <div className="flex items-baseline justify-between gap-2">
        {cart.person_id ? (
          <Link to="/c/$person" params={{ person: cart.person_id }} className="min-w-0 truncate font-medium after:absolute after:inset-0">
            <bdi>{cart.person_name || cart.number}</bdi>
          </Link>
        ) : (
          <span className="text-text-3">–</span>
        )}
        <span className="tabular shrink-0 font-semibold">{formatMoney(cart.total, true)}</span>
      </div>
      <p className="truncate text-caption text-text-2">{names(cart)}</p>
      <p className="mt-1 flex items-center justify-between gap-2 text-caption text-text-3">
        <time>{when(cart.abandoned_at || cart.updated_at)}</time>
        {cart.reason && <Chip>{reasonWord(cart.reason)}</Chip>}
      </p>
    </li>
  );
}

function Column({ column }: { column: CartColumn }) {
  const items = column.items ?? [];
  return (
    <section aria-label={cartWord(column.state)} className="flex min-h-0 w-68 shrink-0 flex-col">
      <header className="flex items-center gap-2 px-1 pb-2">
        <Chip tone={cartTone(column.state)}>{cartWord(column.state)}</Chip>
        <Link to="/carts" search={{ show: "list", state: column.state }} className="tabular font-semibold hover:underline">
          {formatNumber(column.count)}
        </Link>
        <span className="tabular ms-auto text-caption text-text-2">{formatMoney(column.total, true)}</span>
      </header>
      <ul className="scroll min-h-0 flex-1 space-y-2 rounded-card bg-sunken p-2">
        {items.map((cart) => (
          <BoardCard key={cart.id} cart={cart} />
        ))}
        {items.length === 0 && <li className="py-6 text-center text-caption text-text-3">{t("empty")}</li>}
        {column.count > items.length && items.length > 0 && (
          <li className="py-1 text-center text-caption text-text-3">{t("moreOf", { n: formatNumber(column.count - items.length) })}</li>
        )}
      </ul>
    </section>
  );
}

function Board() {
  const board = useQuery(queries.cartBoard());
  if (board.isError) return <ErrorState problem={problemOf(board.error)} retry={() => void board.refetch()} />;
  if (!board.data) return <Skeleton rows={6} />;
  const columns = board.data.columns ?? [];
  if (columns.every((column) => column.count === 0)) return <NoCarts />;
  return (
    <div className="flex min-h-0 flex-1 gap-3 overflow-x-auto px-4 pb-4 sm:px-6">
      {columns.map((column) => (
        <Column key={column.state} column={column} />
      ))}
    </div>
  );
}

function NoCarts() {
  return (
    <EmptyState
      icon={ShoppingCart}
      title={t("none")}
      text={t("noneText")}
      action={
        <Link to="/settings/$section" params={{ section: "shop" }} className="link">
          {t("noneAction")}
        </Link>
      }
      sample={
        <div className="rounded-card border border-border bg-surface p-3">
          <p className="flex justify-between font-medium">
            <span>Maria Rossi</span>
            <span>€128</span>
          </p>
          <p className="text-caption text-text-2">{t("sampleTitle")}</p>
        </div>
      }
    />
  );
}

function CartList({ state }: { state: string | undefined }) {
  const navigate = useNavigate();
  const query = useInfiniteQuery({
    queryKey: ["carts", "list", state ?? ""],
    queryFn: ({ pageParam, signal }) => get<Page<Cart>>("/carts", { state, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  const carts = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <div className="scroll min-h-0 flex-1">
      <PageBody className="space-y-3">
        <div role="group" aria-label={t("state")} className="flex flex-wrap gap-1">
          {[undefined, ...cartStates].map((each) => (
            <button
              key={each ?? "all"}
              type="button"
              aria-pressed={state === each}
              onClick={() => void navigate({ to: "/carts", search: { show: "list", state: each } })}
              className={cx(
                "min-h-7 rounded-full border px-2.5 text-caption font-medium",
                state === each ? "border-transparent bg-accent-soft text-accent-text" : "border-border text-text-2 hover:bg-hover",
              )}
            >
              {each ? cartWord(each) : t("all")}
            </button>
          ))}
        </div>
        {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
        {query.isPending && <Skeleton rows={6} height={44} />}
        {query.isSuccess && carts.length === 0 && <EmptyState icon={ShoppingCart} title={t("empty")} />}
        {carts.length > 0 && (
          <Card flush>
            <Table
              label={t("title")}
              head={
                <>
                  <Th>{t("customer")}</Th>
                  <Th>{t("state")}</Th>
                  <Th>{t("items")}</Th>
                  <Th>{t("reason")}</Th>
                  <Th end>{t("total")}</Th>
                  <Th end>{t("left")}</Th>
                </>
              }
            >
              {carts.map((cart) => (
                <tr key={cart.id} className="relative hover:bg-hover">
                  <Td>
                    {cart.person_id ? (
                      <Link to="/c/$person" params={{ person: cart.person_id }} className="font-medium after:absolute after:inset-0">
                        <bdi>{cart.person_name || cart.number}</bdi>
                      </Link>
                    ) : (
                      "–"
                    )}
                  </Td>
                  <Td>
                    <Chip tone={cartTone(cart.state)}>{cartWord(cart.state)}</Chip>
                  </Td>
                  <Td className="max-w-72 truncate text-text-2">{names(cart)}</Td>
                  <Td className="text-text-2">{cart.reason ? reasonWord(cart.reason) : ""}</Td>
                  <Td end className="tabular font-medium">
                    {formatMoney(cart.total)}
                  </Td>
                  <Td end className="whitespace-nowrap text-text-2">
                    {when(cart.abandoned_at)}
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
      </PageBody>
    </div>
  );
}

/** Carts by state, as a board or a list. */
export function CartsPage() {
  const { show, state } = useSearch({ strict: false }) as { show?: "list"; state?: string };
  const navigate = useNavigate();
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title={t("title")}
        text={t("text")}
        actions={
          <>
            <Segmented
              label={t("show")}
              value={show ?? "board"}
              onChange={(value) => void navigate({ to: "/carts", search: value === "list" ? { show: "list" } : {} })}
              options={[
                { value: "board", label: t("board") },
                { value: "list", label: t("list") },
              ]}
            />
            <Link to="/reports" className="inline-flex min-h-(--control) items-center gap-1.5 rounded-control border border-border-strong bg-surface px-3 font-medium hover:bg-sunken">
              <ChartNoAxesColumn aria-hidden className="size-4" />
              {t("report")}
            </Link>
          </>
        }
      />
      {show === "list" ? <CartList state={state} /> : <Board />}
    </div>
  );
}
