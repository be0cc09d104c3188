import { lazy, Suspense, useEffect, useState } from "react";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { Clock, CloudOff, Command, Ellipsis, Keyboard, LogOut, Moon, Sun, SunMoon } from "lucide-react";
import { call } from "../api/client";
import { Avatar } from "../design/avatar";
import { cx } from "../design/cx";
import { Menu, type MenuItem } from "../design/menu";
import { narrow, useMedia } from "../design/media";
import { connected } from "../feed/share";
import { runCommand, useCommand } from "../keyboard/keyboard";
import { keysOf } from "../keyboard/table";
import { Mark } from "../setup/frame";
import { useNow, workspaceClock } from "../state/clock";
import { prefer, preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { dateTime, span } from "../text/time";
import { destinations, phoneIcon as PhoneIcon, t, type Destination } from "./links";
import { allowed, useMe } from "./me";
import { Notices } from "./notices";

const KeyboardSheet = lazy(() => import("../keyboard/sheet").then((m) => ({ default: m.KeyboardSheet })));
const Palette = lazy(() => import("../keyboard/palette").then((m) => ({ default: m.Palette })));
const ChecklistCard = lazy(() => import("./checklist").then((m) => ({ default: m.ChecklistCard })));

const params = { section: "team" };

function useGoing(): void {
  const navigate = useNavigate();
  const me = useMe();
  useCommand("go.inbox", () => void navigate({ to: "/inbox" }));
  useCommand("go.people", () => void navigate({ to: "/people" }));
  useCommand("go.carts", () => void navigate({ to: "/carts" }));
  useCommand("go.journeys", () => void navigate({ to: "/journeys" }));
  useCommand("go.offers", () => void navigate({ to: "/offers" }));
  useCommand("go.reports", () => void navigate({ to: "/reports" }));
  useCommand("go.settings", () => void navigate({ to: "/settings/$section", params }));
  useCommand("phone", () => prefer({ dock: !(preferences.get().dock ?? me.workspace.demo) }), allowed(me, "sim.use"));
}

function useVisible() {
  const me = useMe();
  return destinations.filter(({ permission }) => allowed(me, permission));
}

function isHere(path: string, { to }: Destination): boolean {
  const root = to.replace("/$section", "");
  return path.startsWith(root) || (to === "/inbox" && path.startsWith("/c/"));
}

function useAccountItems(): MenuItem[] {
  const me = useMe();
  const { theme, density } = useStore(preferences);
  const themeIcons = { system: SunMoon, light: Sun, dark: Moon };
  const switchTo = async (id: string) => {
    const result = await call("POST", "/me/workspace", { body: { id } });
    if (result.ok) location.assign("/inbox");
  };
  const others = (me.workspaces ?? []).filter((workspace) => workspace.id !== me.workspace.id);
  return [
    ...others.map((workspace) => ({ key: workspace.id, label: t("switchTo", { name: workspace.name }), run: () => void switchTo(workspace.id) })),
    ...(["system", "light", "dark"] as const).map((value) => ({
      key: value,
      label: `${t("theme")}: ${t(value)}`,
      icon: themeIcons[value],
      checked: theme === value,
      run: () => prefer({ theme: value }),
    })),
    ...(["comfortable", "compact"] as const).map((value) => ({
      key: value,
      label: `${t("density")}: ${t(value)}`,
      checked: density === value,
      run: () => prefer({ density: value }),
    })),
    { key: "keys", label: t("keyboard"), icon: Keyboard, keys: keysOf("help"), run: () => void runCommand("help") },
    {
      key: "out",
      label: t("signOut"),
      icon: LogOut,
      run: () => void call("POST", "/logout").then(() => location.assign("/login")),
    },
  ];
}

function Rail() {
  const me = useMe();
  const { pathname } = useLocation();
  const dock = useStore(preferences).dock ?? me.workspace.demo;
  const items = useAccountItems();
  const button = "grid size-10 place-items-center rounded-card transition-colors duration-(--quick)";
  return (
    <nav aria-label={t("navigation")} className="flex w-14 shrink-0 flex-col items-center gap-1 border-e border-border bg-canvas py-3">
      <Link to="/inbox" aria-label="Parley" className="mb-2">
        <Mark size={30} />
      </Link>
      {useVisible().map((destination) => {
        const here = isHere(pathname, destination);
        const Icon = destination.icon;
        return (
          <Link
            key={destination.key}
            to={destination.to}
            params={destination.key === "settings" ? params : {}}
            aria-label={t(destination.key)}
            aria-current={here ? "page" : undefined}
            title={`${t(destination.key)} (${keysOf(`go.${destination.key}`)})`}
            className={cx(button, here ? "bg-accent-soft text-accent-text" : "text-text-2 hover:bg-hover hover:text-text", destination.key === "settings" && "mt-auto")}
          >
            <Icon aria-hidden className="size-5" strokeWidth={here ? 2.1 : 1.8} />
          </Link>
        );
      })}
      {allowed(me, "sim.use") && (
        <button
          type="button"
          aria-label={t("phones")}
          aria-pressed={dock}
          title={`${t("phones")} (${keysOf("phone")})`}
          onClick={() => prefer({ dock: !dock })}
          className={cx(button, dock ? "text-accent-text" : "text-text-2 hover:bg-hover hover:text-text")}
        >
          <PhoneIcon aria-hidden className="size-5" strokeWidth={1.8} />
        </button>
      )}
      <button
        type="button"
        aria-label={t("palette")}
        title={`${t("palette")} (${keysOf("palette")})`}
        onClick={() => void runCommand("palette")}
        className={cx(button, "text-text-2 hover:bg-hover hover:text-text")}
      >
        <Command aria-hidden className="size-5" strokeWidth={1.8} />
      </button>
      <Menu
        label={t("account", { name: me.member.name })}
        items={items}
        trigger={(trigger) => (
          <button type="button" {...trigger} aria-label={t("account", { name: me.member.name })} className="mt-1 rounded-card p-1 hover:bg-hover">
            <Avatar voice="agent" name={me.member.name} size={30} />
          </button>
        )}
      />
    </nav>
  );
}

/** On a phone the places are at the thumb, and hidden while a conversation is open. */
function BottomBar() {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const visible = useVisible();
  const account = useAccountItems();
  if (pathname.startsWith("/c/")) return null;
  const first = visible.slice(0, 4);
  const rest: MenuItem[] = visible.slice(4).map((destination) => ({
    key: destination.key,
    label: t(destination.key),
    icon: destination.icon,
    run: () => void navigate({ to: destination.to, params }),
  }));
  const item = "flex min-h-14 flex-1 flex-col items-center justify-center gap-0.5 text-meta font-medium";
  return (
    <nav aria-label={t("navigation")} className="flex border-t border-border bg-surface pb-[env(safe-area-inset-bottom)]">
      {first.map((destination) => {
        const here = isHere(pathname, destination);
        const Icon = destination.icon;
        return (
          <Link key={destination.key} to={destination.to} params={{}} aria-current={here ? "page" : undefined} className={cx(item, here ? "text-accent-text" : "text-text-2")}>
            <Icon aria-hidden className="size-5" />
            {t(destination.key)}
          </Link>
        );
      })}
      <Menu
        label={t("more")}
        items={[...rest, ...account]}
        trigger={(trigger) => (
          <button type="button" {...trigger} className={cx(item, "text-text-2")}>
            <Ellipsis aria-hidden className="size-5" />
            {t("more")}
          </button>
        )}
      />
    </nav>
  );
}

/** Appears only when the line has been gone for a second and a half. */
function OfflinePill() {
  const online = useStore(connected);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (online) return setShown(false);
    const timer = setTimeout(() => setShown(true), 1500);
    return () => clearTimeout(timer);
  }, [online]);
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 top-2 z-50 flex justify-center max-sm:top-24 max-sm:px-4">
      {shown && (
        <span className="rise inline-flex items-center gap-1.5 rounded-full border border-warn bg-warn-soft px-3 py-1 text-caption font-medium shadow-pop">
          <CloudOff aria-hidden className="size-3.5 text-warn" />
          {t("offline")}
        </span>
      )}
    </div>
  );
}

function SkewBanner() {
  const { skippedSeconds, offset } = useStore(workspaceClock);
  const now = useNow();
  if (skippedSeconds < 60) return null;
  return (
    <p className="flex items-center gap-1.5 border-s-4 border-warn bg-warn-soft px-3 py-1 text-caption">
      <Clock aria-hidden className="size-3.5 shrink-0" />
      {t("skewed", { time: dateTime(now, now - offset), span: span(skippedSeconds * 1000) })}
    </p>
  );
}

/** The frame of every screen: places, the screen, and what floats above them. */
export function Shell() {
  const isNarrow = useMedia(narrow);
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  useGoing();
  useCommand("palette", () => setPalette(true));
  useCommand("help", () => setHelp(true));
  return (
    <div className={cx("flex h-dvh overflow-hidden bg-canvas", isNarrow && "flex-col")}>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:start-2 focus:top-2 focus:z-50 focus:rounded-control focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent">
        {t("skip")}
      </a>
      {!isNarrow && <Rail />}
      <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        <SkewBanner />
        <Suspense>
          <ChecklistCard />
        </Suspense>
        <div className="min-h-0 flex-1">
          <Outlet />
        </div>
      </main>
      {isNarrow && <BottomBar />}
      <OfflinePill />
      <Notices />
      {help && (
        <Suspense>
          <KeyboardSheet onClose={() => setHelp(false)} />
        </Suspense>
      )}
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}
