import { useState, type FormEvent } from "react";
import { LogIn } from "lucide-react";
import { call, type Problem } from "../api/client";
import { queryClient } from "../api/queries";
import { Button } from "../design/button";
import { Field } from "../design/form";
import { useTitle } from "../design/page";
import { Banner, ErrorState } from "../design/status";
import { catalogue } from "../i18n/i18n";
import { Frame } from "./frame";

const t = catalogue("login", {
  title: "Sign in",
  text: "Welcome back. Your conversations are where you left them.",
  email: "E-mail",
  password: "Password",
  submit: "Sign in",
  used: "That link was used or is too old. In a demo, `parley demo` prints a new one; otherwise sign in below.",
});

/** Sign-in with a password. A demo signs in by the link that its command prints. */
export function LoginPage() {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const used = new URLSearchParams(location.search).get("link") === "used";
  useTitle(t("title"));
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const result = await call("POST", "/login", { body: { email: form.get("email"), password: form.get("password") } });
    setBusy(false);
    if (!result.ok) return setProblem(result.problem);
    if (location.pathname === "/login") history.replaceState(null, "", "/inbox");
    await queryClient.resetQueries();
  };
  return (
    <Frame title={t("title")} text={t("text")}>
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        {used && <Banner tone="warn">{t("used")}</Banner>}
        <Field label={t("email")} name="email" type="email" autoComplete="username" required autoFocus />
        <Field label={t("password")} name="password" type="password" autoComplete="current-password" required />
        {problem && <ErrorState problem={problem} compact />}
        <Button type="submit" look="primary" icon={LogIn} busy={busy} className="w-full">
          {t("submit")}
        </Button>
      </form>
    </Frame>
  );
}
