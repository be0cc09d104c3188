import { Navigate } from "@tanstack/react-router";

/** Whoever is signed in has no business at the sign-in. */
export function Enter() {
  return <Navigate to="/inbox" replace />;
}
