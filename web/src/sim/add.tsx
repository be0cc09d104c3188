import { useState, type FormEvent } from "react";
import { fieldError, type Problem } from "../api/client";
import { Button } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Field, Select } from "../design/form";
import { ErrorState } from "../design/status";
import { locale } from "../i18n/i18n";
import { addPhone } from "./api";
import { t } from "./text";

const zones: Record<string, string> = {
  US: "America/New_York",
  GB: "Europe/London",
  IT: "Europe/Rome",
  DE: "Europe/Berlin",
  FR: "Europe/Paris",
  ES: "Europe/Madrid",
  PL: "Europe/Warsaw",
  AU: "Australia/Sydney",
};

/** A number that the North American plan keeps for fiction: 555-0100 to 555-0199. */
export function fictionNumber(random = Math.random): string {
  return `+1555010${String(Math.floor(random() * 10_000)).padStart(4, "0")}`;
}

export function AddPhone({ onClose, onMade }: { onClose: () => void; onMade: (number: string) => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [number, setNumber] = useState(() => fictionNumber());
  const names = new Intl.DisplayNames(locale(), { type: "region" });
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const country = String(form.get("country"));
    setBusy(true);
    const made = await addPhone({ number: number.replace(/[^+\d]/g, ""), name: String(form.get("name")), country, timezone: zones[country] ?? "Etc/UTC" });
    setBusy(false);
    if (!made.ok) return setProblem(made.problem);
    onMade(made.data.number);
    onClose();
  };
  return (
    <Dialog open title={t("add")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="space-y-3">
        <Field label={t("addName")} name="name" required maxLength={60} autoFocus />
        <Field
          label={t("addNumber")}
          help={t("addNumberHelp")}
          error={fieldError(problem, "number")}
          value={number}
          onChange={(event) => setNumber(event.target.value)}
          inputMode="tel"
          required
        />
        <Select label={t("addCountry")} name="country">
          {Object.keys(zones).map((code) => (
            <option key={code} value={code}>
              {names.of(code) ?? code}
            </option>
          ))}
        </Select>
        {problem && <ErrorState problem={problem} compact />}
        <DialogActions>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="primary" busy={busy}>
            {t("add")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
