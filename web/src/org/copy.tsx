import { useState } from "react";
import { Check, Copy } from "lucide-react";
import { Button } from "../design/button";
import { t } from "./text";

/** A text to hand over, with its copy button; said aloud when it is copied. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="space-y-1">
      <p className="text-caption font-medium text-text-2">{label}</p>
      <div className="flex gap-2">
        <output className="field !block min-w-0 flex-1 truncate bg-sunken! font-mono text-caption leading-6 select-all">{value}</output>
        <Button icon={copied ? Check : Copy} onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}>
          <span role="status">{copied ? t("copied") : t("copy")}</span>
        </Button>
      </div>
    </div>
  );
}
