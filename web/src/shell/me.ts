import { createContext, useContext } from "react";
import type { Me } from "../api/types";

export const MeContext = createContext<Me | null>(null);

/** Who is signed in, where. Only used inside the shell, which waits for it. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("useMe outside of a session");
  return me;
}

export function allowed(me: Me, permission: string): boolean {
  return me.permissions.includes("*") || me.permissions.includes(permission);
}
