import { useState, type FormEvent } from "react";
import { X } from "lucide-react";
import type { Conversation } from "../api/types";
import { Button, IconButton } from "../design/button";
import { Dialog, DialogActions } from "../design/dialog";
import { Field } from "../design/form";
import { actions, nameOf } from "./actions";
import { t } from "./text";

/** Tags are on the customer, once; a change here shows everywhere. */
export function TagsDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const [text, setText] = useState("");
  const tags = conversation.tags ?? [];
  const add = (event: FormEvent) => {
    event.preventDefault();
    const tag = text.trim();
    if (tag && !tags.includes(tag)) void actions.tag(conversation, [tag], []);
    setText("");
  };
  return (
    <Dialog open title={t("tagTitle", { name: nameOf(conversation) })} onClose={onClose}>
      <ul className="mb-3 flex flex-wrap gap-1.5">
        {tags.map((tag) => (
          <li key={tag} className="inline-flex items-center rounded-full border border-border bg-sunken ps-2.5">
            {tag}
            <IconButton small label={t("tagRemove", { tag })} icon={X} onClick={() => void actions.tag(conversation, [], [tag])} className="!size-6 !rounded-full" />
          </li>
        ))}
      </ul>
      <form onSubmit={add} className="space-y-3">
        <Field label={t("tagAdd")} value={text} onChange={(event) => setText(event.target.value)} maxLength={40} autoFocus />
        <DialogActions>
          <Button type="submit" disabled={!text.trim()}>
            {t("tagAddButton")}
          </Button>
          <Button look="primary" onClick={onClose}>
            {t("done")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
