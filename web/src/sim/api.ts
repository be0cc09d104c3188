import { useQuery } from "@tanstack/react-query";
import { call, get, type Result } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { SimDials, SimPhone, SimScreen } from "../api/types";
import { notify } from "../shell/undo";
import { workspaceNow } from "../state/clock";
import { t } from "./text";

/** Which phone is meant, and the token that lets a guest in who has no session. */
export interface Handle {
  number: string;
  token?: string | undefined;
  person?: string | undefined;
}

/** Where a phone is reached: by its number with a session, by its token without. */
const path = ({ token, number }: Handle, rest = "") => (token ? `/phone/${encodeURIComponent(token)}${rest}` : `/sim/phones/${encodeURIComponent(number)}${rest}`);

async function told<T>(asked: Promise<Result<T>>): Promise<T | undefined> {
  const result = await asked;
  if (result.ok) return result.data;
  notify(t("failed", { detail: result.problem.detail }), { tone: "danger" });
  return undefined;
}

export function usePhones() {
  const query = useQuery(queries.phones());
  return { ...query, phones: itemsOf<SimPhone>(query.data) };
}

/** What is on the phone's screen. The feed says when it changed; a guest, who has no feed, asks each second. */
export function useScreen(handle: Handle) {
  return useQuery({
    queryKey: ["sim", handle.person || handle.number, handle.token ?? handle.number],
    queryFn: ({ signal }) => get<SimScreen>(handle.token ? path(handle) : path(handle, "/messages"), undefined, signal),
    refetchInterval: handle.token ? 1000 : 3000,
    staleTime: 0,
    retry: handle.token ? 1 : 2,
  });
}

export function refreshTexts(handle: Handle): void {
  void queryClient.invalidateQueries({ queryKey: ["sim", handle.person ?? handle.number] });
  void queryClient.invalidateQueries({ queryKey: ["sim-clock"] });
}

export async function text(handle: Handle, words: string): Promise<boolean> {
  const done = await told(call<SimScreen>("POST", path(handle, "/messages"), { body: { text: words } }));
  refreshTexts(handle);
  return done !== undefined;
}

export async function setDials(handle: Handle, dials: SimDials): Promise<void> {
  await told(call("PUT", path(handle, "/dials"), { body: dials }));
  await queryClient.invalidateQueries({ queryKey: ["phones"] });
}

export async function reset(handle: Handle, name: string): Promise<void> {
  const result = await call("POST", path(handle, "/reset"), { body: {} });
  notify(result.ok ? t("resetDone", { name }) : t("failed", { detail: result.problem.detail }), result.ok ? {} : { tone: "danger" });
  await queryClient.invalidateQueries({ queryKey: ["phones"] });
}

export async function addPhone(phone: { number: string; name: string; country: string; timezone: string }): Promise<Result<SimPhone>> {
  const made = await call<SimPhone>("POST", "/sim/phones", { body: phone });
  await queryClient.invalidateQueries({ queryKey: ["phones"] });
  return made;
}

export type ShopAction = "checkout" | "order" | "empty";

/** What the customer of the story looks at, and buys. */
const basket = [
  { title: "Linen dress, blue M", price: "89.00", quantity: 1 },
  { title: "Straw hat", price: "39.00", quantity: 1 },
];

/** Does in the shop what a customer would; the answer is the signed webhook that the shop sent. */
export async function shop(handle: Handle, action: ShopAction): Promise<unknown> {
  const sent = await told(call<{ topic: string; body: unknown }>("POST", path(handle, "/shop"), { body: action === "empty" ? { action } : { action, items: basket } }));
  refreshTexts(handle);
  return sent;
}

/** Looking at a product is no shop webhook but an event, as a shop's page would report it. */
export async function browse(handle: Handle): Promise<unknown> {
  const event = {
    type: "product_viewed",
    at: new Date(workspaceNow()).toISOString(),
    key: `browse-${crypto.randomUUID()}`,
    person: { phone: handle.number },
    props: { product_id: "linen-dress", title: "Linen dress" },
  };
  const body = { events: [event] };
  const done = await told(call("POST", "/events", { body }));
  refreshTexts(handle);
  return done === undefined ? undefined : body;
}

export async function skip(body: { seconds: number } | { to_next: true }): Promise<void> {
  await told(call("POST", "/sim/clock/skip", { body }));
  await Promise.all([queryClient.invalidateQueries({ queryKey: ["me"] }), queryClient.invalidateQueries({ queryKey: ["sim-clock"] })]);
}
