import { useMemo, useState, type FormEvent } from "react";
import { call, fieldError, type Problem } from "../api/client";
import type { SetupState } from "../api/types";
import { Button } from "../design/button";
import { Field, Select } from "../design/form";
import { useTitle } from "../design/page";
import { ErrorState } from "../design/status";
import { catalogue, locale } from "../i18n/i18n";
import { Frame } from "./frame";

const t = catalogue("setup", {
  title: "Set up Parley",
  text: "One page, then you are in. Everything can be changed later.",
  code: "Setup code",
  codeHelp: "Six words from the log, or from the file {path} on the server.",
  codeHow: "How to read it",
  newCode: "Make a new code",
  newCodeDone: "A new code is in the log and in the file; older ones are worthless now.",
  workspace: "Name of the brand",
  workspaceHelp: "Customers see it at the start of your messages.",
  name: "Your name",
  email: "Your e-mail",
  password: "Password",
  passwordHelp: "At least 10 characters. Paste from your password manager.",
  country: "Country",
  timezone: "Timezone",
  currency: "Currency",
  demo: "Try it with a simulated phone",
  real: "Connect a number",
  short: "Use at least 10 characters.",
});

const regions =
  "AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IL IN IT JP LT LU LV MT MX NL NO NZ PL PT RO SE SG SI SK TR UA US ZA".split(" ");

/** All zones, with the guessed one even if the browser knows it by another name. */
function zones(guess: string): string[] {
  const known = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  return known.includes(guess) ? known : [guess, ...known];
}

/** First run: the workspace and its owner, on one page. No default password exists. */
export function SetupPage({ state }: { state: SetupState }) {
  const [problem, setProblem] = useState<Problem>();
  const [short, setShort] = useState(false);
  const [busy, setBusy] = useState("");
  useTitle(t("title"));
  const countries = useMemo(() => {
    const names = new Intl.DisplayNames(locale(), { type: "region" });
    const all = regions.includes(state.guess.country) || !state.guess.country ? regions : [...regions, state.guess.country];
    return all.map((code) => ({ code, name: names.of(code) ?? code })).toSorted((a, b) => a.name.localeCompare(b.name));
  }, [state.guess.country]);
  // A server's own zone is often UTC for no reason; the person's browser knows better.
  const { timezone } = state.guess;
  const zone = timezone && timezone !== "UTC" ? timezone : Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const pressed = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") ?? "demo";
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const tooShort = String(form.get("password")).length < 10;
    setShort(tooShort);
    if (tooShort) return;
    setBusy(pressed);
    const body = {
      ...(state.code_required ? { code: text("code") } : {}),
      workspace: text("workspace"),
      name: text("name"),
      email: text("email"),
      password: String(form.get("password")),
      country: text("country"),
      timezone: text("timezone"),
      currency: text("currency").toUpperCase(),
      demo: pressed === "demo",
    };
    const result = await call("POST", "/setup", { body });
    setBusy("");
    if (!result.ok) return setProblem(result.problem);
    if (pressed === "real") history.replaceState(null, "", "/settings/channels");
    else history.replaceState(null, "", "/inbox");
    location.reload();
  };

  return (
    <Frame title={t("title")} text={t("text")} wide>
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        {state.code_required && <CodeField path={state.code_path ?? "setup-code.txt"} />}
        <Field label={t("workspace")} help={t("workspaceHelp")} name="workspace" error={fieldError(problem, "workspace")} required autoFocus={!state.code_required} autoComplete="organization" />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("name")} name="name" required autoComplete="name" />
          <Field label={t("email")} name="email" type="email" error={fieldError(problem, "email")} required autoComplete="username" />
        </div>
        <Field label={t("password")} help={t("passwordHelp")} error={short ? t("short") : fieldError(problem, "password")} name="password" type="password" required autoComplete="new-password" />
        <div className="grid gap-4 sm:grid-cols-3">
          <Select label={t("country")} name="country" defaultValue={state.guess.country}>
            {countries.map(({ code, name }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </Select>
          <Select label={t("timezone")} name="timezone" defaultValue={zone}>
            {zones(zone).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </Select>
          <Field label={t("currency")} name="currency" defaultValue={state.guess.currency} pattern="[A-Za-z]{3}" maxLength={3} required />
        </div>
        {problem && <ErrorState problem={problem} compact />}
        <div className="flex flex-wrap gap-2 pt-1">
          <Button type="submit" look="primary" value="demo" busy={busy === "demo"}>
            {t("demo")}
          </Button>
          <Button type="submit" value="real" busy={busy === "real"}>
            {t("real")}
          </Button>
        </div>
      </form>
    </Frame>
  );
}

function CodeField({ path }: { path: string }) {
  const ways = [
    ["Docker", `docker exec <container> cat ${path}`],
    ["systemd", `sudo cat ${path}`],
    ["Kubernetes", `kubectl exec deploy/parley -- cat ${path}`],
  ];
  const [renewed, setRenewed] = useState(false);
  return (
    <div className="rounded-card bg-sunken p-3">
      <Field label={t("code")} help={t("codeHelp", { path })} name="code" required autoFocus autoComplete="one-time-code" spellCheck={false} autoCapitalize="none" />
      <details className="mt-2 text-caption text-text-2">
        <summary>{t("codeHow")}</summary>
        <dl className="mt-1 space-y-1">
          {ways.map(([name, command]) => (
            <div key={name}>
              <dt className="inline font-medium">{name}: </dt>
              <dd className="inline">
                <code className="font-mono select-all">{command}</code>
              </dd>
            </div>
          ))}
        </dl>
        <Button small className="mt-2" onClick={() => void call("POST", "/setup/code").then((result) => setRenewed(result.ok))}>
          {t("newCode")}
        </Button>
        {renewed && <p role="status">{t("newCodeDone")}</p>}
      </details>
    </div>
  );
}
