import { useEffect, useState, type FormEvent } from "react";
import { useParams } from "@tanstack/react-router";
import { call, fieldError, type Problem } from "../api/client";
import type { Role } from "../api/types";
import { Button } from "../design/button";
import { Field } from "../design/form";
import { useTitle } from "../design/page";
import { ErrorState, Skeleton } from "../design/status";
import { catalogue } from "../i18n/i18n";
import { Frame } from "./frame";

const t = catalogue("join", {
  title: "Join {name}",
  text: "You were invited as {role}. If you have an account here already, use its password.",
  name: "Your name",
  email: "Your e-mail",
  password: "Password",
  passwordHelp: "A new one of at least 10 characters, or that of your account.",
  submit: "Join",
  resetTitle: "Choose a new password",
  resetText: "Other sessions of yours end.",
  resetSubmit: "Save and sign in",
});

function useEnter() {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const enter = async (path: string, body: object) => {
    setBusy(true);
    const result = await call("POST", path, { body });
    setBusy(false);
    if (result.ok) location.replace("/inbox");
    else setProblem(result.problem);
  };
  return { problem, busy, enter };
}

/** An invitation, taken by link: no mail server is needed. */
export function JoinPage() {
  const { token } = useParams({ strict: false });
  const [invite, setInvite] = useState<{ workspace: string; role: Role; email: string }>();
  const [dead, setDead] = useState<Problem>();
  const { problem, busy, enter } = useEnter();
  useEffect(() => {
    void call<{ workspace: string; role: Role; email: string }>("POST", "/join/look", { body: { token } }).then((result) =>
      result.ok ? setInvite(result.data) : setDead(result.problem),
    );
  }, [token]);
  useTitle(invite ? t("title", { name: invite.workspace }) : "");
  if (dead) return <ErrorState problem={dead} />;
  if (!invite) return <Skeleton />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void enter("/join", { token, name: form.get("name"), email: form.get("email"), password: form.get("password") });
  };
  return (
    <Frame title={t("title", { name: invite.workspace })} text={t("text", { role: invite.role })}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t("name")} name="name" required autoFocus autoComplete="name" error={fieldError(problem, "name")} />
        <Field label={t("email")} name="email" type="email" required defaultValue={invite.email} autoComplete="username" error={fieldError(problem, "email")} />
        <Field label={t("password")} help={t("passwordHelp")} name="password" type="password" required autoComplete="new-password" error={fieldError(problem, "password")} />
        {problem && <ErrorState problem={problem} compact />}
        <Button type="submit" look="primary" busy={busy} className="w-full">
          {t("submit")}
        </Button>
      </form>
    </Frame>
  );
}

export function ResetPage() {
  const { token } = useParams({ strict: false });
  const { problem, busy, enter } = useEnter();
  useTitle(t("resetTitle"));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void enter("/reset", { token, password: new FormData(event.currentTarget).get("password") });
  };
  return (
    <Frame title={t("resetTitle")} text={t("resetText")}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t("password")} name="password" type="password" required autoFocus autoComplete="new-password" error={fieldError(problem, "password")} />
        {problem && <ErrorState problem={problem} compact />}
        <Button type="submit" look="primary" busy={busy} className="w-full">
          {t("resetSubmit")}
        </Button>
      </form>
    </Frame>
  );
}
