import { useEffect, useRef, useState } from "react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Search, SearchX, Users } from "lucide-react";
import { get, problemOf } from "../api/client";
import type { Page, Person } from "../api/types";
import { Avatar } from "../design/avatar";
import { Button } from "../design/button";
import { Card, PageBody, PageHeader, Table, Td, Th } from "../design/page";
import { Chip, EmptyState, ErrorState, Skeleton } from "../design/status";
import { useCommand } from "../keyboard/keyboard";
import { formatMoney } from "../text/money";
import { mainNumber } from "./identity";
import { when } from "./sections";
import { t } from "./text";

/** All customers, found by name, number or e-mail. */
export function PeoplePage() {
  const { q = "" } = useSearch({ strict: false }) as { q?: string };
  const [text, setText] = useState(q);
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  useCommand("search", () => input.current?.focus());
  useEffect(() => {
    if (text === q) return;
    const timer = setTimeout(() => void navigate({ to: "/people", search: { q: text || undefined }, replace: true }), 200);
    return () => clearTimeout(timer);
  }, [text, q, navigate]);
  const query = useInfiniteQuery({
    queryKey: ["people", "list", q],
    queryFn: ({ pageParam, signal }) => get<Page<Person>>("/people", { q, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: (before) => before,
  });
  const people = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <div className="scroll h-full">
      <PageHeader title={t("title")} text={t("text")} />
      <PageBody className="space-y-3">
        <search className="relative block max-w-md">
          <Search aria-hidden className="pointer-events-none absolute inset-y-0 start-2.5 my-auto size-4 text-text-3" />
          <input ref={input} type="search" value={text} aria-label={t("search")} placeholder={t("search")} onChange={(event) => setText(event.target.value)} className="field !ps-8.5" />
        </search>
        {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
        {query.isPending && <Skeleton rows={8} height={48} />}
        {query.isSuccess && people.length === 0 && q !== "" && (
          <EmptyState icon={SearchX} title={t("noMatch")} text={t("noMatchText")} action={<Button onClick={() => setText("")}>{t("clear")}</Button>} />
        )}
        {query.isSuccess && people.length === 0 && q === "" && (
          <EmptyState
            icon={Users}
            title={t("none")}
            text={t("noneText")}
            action={
              <Link to="/sim" className="link">
                {t("noneAction")}
              </Link>
            }
            sample={
              <div className="flex items-center gap-3">
                <Avatar voice="customer" name="Maria Rossi" size={36} />
                <span className="flex-1">
                  <b className="block font-medium">Maria Rossi</b>
                  <span className="text-caption text-text-2">+39 555 010 4417</span>
                </span>
                <Chip>VIP</Chip>
              </div>
            }
          />
        )}
        {people.length > 0 && (
          <Card flush>
            <Table
              label={t("title")}
              head={
                <>
                  <Th>{t("name")}</Th>
                  <Th>{t("number")}</Th>
                  <Th>{t("tags")}</Th>
                  <Th end>{t("orders")}</Th>
                  <Th end>{t("value")}</Th>
                  <Th end>{t("lastOrder")}</Th>
                </>
              }
            >
              {people.map((person) => (
                <tr key={person.id} className="relative hover:bg-hover">
                  <Td>
                    <Link to="/people/$person" params={{ person: person.id }} className="flex items-center gap-2.5 font-medium after:absolute after:inset-0">
                      <Avatar voice="customer" name={person.name} />
                      <bdi>{person.name || mainNumber(person)}</bdi>
                    </Link>
                  </Td>
                  <Td>
                    <bdi dir="ltr" className="tabular whitespace-nowrap text-text-2">
                      {mainNumber(person)}
                    </bdi>
                  </Td>
                  <Td>
                    <span className="flex gap-1">{person.tags?.slice(0, 3).map((tag) => <Chip key={tag}>{tag}</Chip>)}</span>
                  </Td>
                  <Td end>{person.orders}</Td>
                  <Td end>{formatMoney(person.value, true)}</Td>
                  <Td end className="whitespace-nowrap text-text-2">
                    {when(person.last_order_at)}
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
