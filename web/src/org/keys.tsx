import { useState, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { call, problemOf, type Problem } from "../api/client";
import { itemsOf, queries, queryClient } from "../api/queries";
import type { ApiKey } from "../api/types";
import { Button } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Check, Field } from "../design/form";
import { Card, Table, Td, Th } from "../design/page";
import { EmptyState, ErrorState, Skeleton } from "../design/status";
import { when } from "../people/sections";
import { useMe } from "../shell/me";
import { notify } from "../shell/undo";
import { CopyField } from "./copy";
import { t } from "./text";

function NewKey({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const [made, setMade] = useState<ApiKey>();
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const result = await call<ApiKey>("POST", "/api-keys", { body: { name: String(form.get("name")).trim(), scopes: form.getAll("scope") } });
    if (!result.ok) return setProblem(result.problem);
    setMade(result.data);
    await queryClient.invalidateQueries({ queryKey: ["api-keys"] });
  };
  return (
    <Dialog open title={t("addKey")} onClose={onClose}>
      {made?.secret ? (
        <CopyField label={t("keyMade")} value={made.secret} />
      ) : (
        <form onSubmit={(event) => void submit(event)} className="space-y-3">
          <Field label={t("keyName")} name="name" required maxLength={80} autoFocus />
          <fieldset>
            <legend className="pb-1 text-caption font-medium text-text-2">{t("scopes")}</legend>
            <div className="grid grid-cols-2 gap-1.5">
              {me.permissions
                .filter((permission) => permission !== "self.use")
                .map((permission) => (
                  <Check key={permission} name="scope" value={permission} label={<code className="font-mono text-caption">{permission}</code>} defaultChecked={permission === "event.write"} />
                ))}
            </div>
          </fieldset>
          {problem && <ErrorState problem={problem} compact />}
          <DialogActions>
            <Button onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" look="primary">
              {t("addKey")}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}

function EndKey({ item, onClose }: { item: ApiKey; onClose: () => void }) {
  const end = async () => {
    const result = await call("DELETE", `/api-keys/${encodeURIComponent(item.id)}`);
    if (!result.ok) notify(t("notSaved", { detail: result.problem.detail }), { tone: "danger" });
    await queryClient.invalidateQueries({ queryKey: ["api-keys"] });
    onClose();
  };
  return (
    <Dialog open title={t("endKeyTitle", { name: item.name })} onClose={onClose}>
      <p className="pb-3">{t("endKeyText")}</p>
      <DialogActions>
        <Button autoFocus onClick={onClose}>
          {t("cancel")}
        </Button>
        <Button look="danger" onClick={() => void end()}>
          {t("endKey")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

export function KeysSection() {
  const query = useQuery(queries.keys());
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<ApiKey>();
  const keys = itemsOf(query.data);
  const add = (
    <Button small look="primary" icon={Plus} onClick={() => setAdding(true)}>
      {t("addKey")}
    </Button>
  );
  return (
    <>
      {query.isError && <ErrorState problem={problemOf(query.error)} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={3} />}
      {query.isSuccess && (
        <Card flush title={t("keys")} actions={keys.length > 0 && add}>
          {keys.length === 0 ? (
            <EmptyState icon={KeyRound} title={t("noKeys")} action={add} />
          ) : (
            <Table
              label={t("keys")}
              head={
                <>
                  <Th>{t("keyName")}</Th>
                  <Th>{t("scopes")}</Th>
                  <Th>{t("lastUsed")}</Th>
                  <Th>
                    <span className="sr-only">{t("endKey")}</span>
                  </Th>
                </>
              }
            >
              {keys.map((key) => (
                <tr key={key.id}>
                  <Td>
                    <span className="block font-medium">{key.name}</span>
                    <code className="font-mono text-caption text-text-3">{key.prefix}…</code>
                  </Td>
                  <Td className="text-caption text-text-2">{(key.scopes ?? []).join(", ")}</Td>
                  <Td className="whitespace-nowrap">{when(key.used_at) || t("never")}</Td>
                  <Td end>
                    <Button small look="danger" onClick={() => setEnding(key)}>
                      {t("endKey")}
                    </Button>
                  </Td>
                </tr>
              ))}
            </Table>
          )}
        </Card>
      )}
      {adding && <NewKey onClose={() => setAdding(false)} />}
      {ending && <EndKey item={ending} onClose={() => setEnding(undefined)} />}
    </>
  );
}
