import { useEffect, useState, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { queries } from "../api/queries";
import { problemOf } from "../api/client";
import { ErrorState, Skeleton } from "../design/status";
import { announce, announceResync } from "../feed/changes";
import { followFeed } from "../feed/share";
import { setWorkspaceClock } from "../state/clock";
import { MeContext } from "./me";

const SetupPage = lazy(() => import("../setup/setup").then((m) => ({ default: m.SetupPage })));
const LoginPage = lazy(() => import("../setup/login").then((m) => ({ default: m.LoginPage })));

/** Lets a signed-in person through; everybody else meets setup or the sign-in, whatever the address. */
export function Gate({ children }: { children: ReactNode }) {
  const me = useQuery(queries.me());
  const out = me.isError && problemOf(me.error).status === 401;
  const setup = useQuery({ ...queries.setup(), enabled: out });
  const { data } = me;

  useEffect(() => {
    if (data) setWorkspaceClock(data.clock);
  }, [data]);

  // The screens read only after the feed is open, so that no change falls between; a slow feed holds nobody up.
  const [following, setFollowing] = useState(false);
  const workspace = data?.workspace.id;
  useEffect(() => {
    if (!workspace) return;
    const ready = () => setFollowing(true);
    const late = setTimeout(ready, 700);
    const stop = followFeed(workspace, { onEvent: announce, onResync: announceResync, onReady: ready });
    return () => {
      clearTimeout(late);
      stop();
    };
  }, [workspace]);

  if (data && !following) return null;
  if (data) return <MeContext value={data}>{children}</MeContext>;
  if (setup.data?.needed)
    return (
      <Suspense>
        <SetupPage state={setup.data} />
      </Suspense>
    );
  if (setup.data)
    return (
      <Suspense>
        <LoginPage />
      </Suspense>
    );
  const failure = setup.error ?? (out ? null : me.error);
  if (failure) {
    return <ErrorState problem={problemOf(failure)} retry={() => void (out ? setup.refetch() : me.refetch())} />;
  }
  return <Skeleton rows={8} retry={() => void me.refetch()} />;
}
