import { Link } from "@tanstack/react-router";
import { MapPinOff } from "lucide-react";
import { EmptyState } from "../design/status";
import { catalogue } from "../i18n/i18n";

const t = catalogue("notFound", {
  title: "There is nothing here",
  text: "The address may be mistyped, or what it named is gone.",
  back: "Go to the inbox",
});

export function NotFound() {
  return (
    <main className="grid h-full place-items-center">
      <EmptyState
        whole
        icon={MapPinOff}
        title={t("title")}
        text={t("text")}
        action={
          <Link to="/inbox" className="link">
            {t("back")}
          </Link>
        }
      />
    </main>
  );
}
