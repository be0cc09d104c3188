import { Link, useParams } from "@tanstack/react-router";
import { cx } from "../design/cx";
import { PageHeader } from "../design/page";
import { allowed, useMe } from "../shell/me";
import { AuditSection } from "./audit";
import { ChannelsSection } from "../channel/channels";
import { ShopSection } from "../commerce/shop";
import { KeysSection } from "./keys";
import { BrandSection, ComplianceSection } from "./brand";
import { LooksSection } from "./looks";
import { TeamSection } from "./team";
import { t } from "./text";

const sections = [
  { key: "team", permission: "member.read", view: TeamSection, text: "teamText" },
  { key: "channels", permission: "channel.read", view: ChannelsSection, text: "channelsText" },
  { key: "shop", permission: "channel.read", view: ShopSection, text: "shopText" },
  { key: "brand", permission: "settings.read", view: BrandSection, text: "brandText" },
  { key: "compliance", permission: "settings.read", view: ComplianceSection, text: "complianceText" },
  { key: "keys", permission: "key.write", view: KeysSection, text: "keysText" },
  { key: "audit", permission: "audit.read", view: AuditSection, text: "auditText" },
  { key: "keyboard", permission: "self.use", view: LooksSection, text: "keyboardText" },
] as const;

/** On a phone the sections stand in one line: the chosen one must be in sight. */
function intoView(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** Settings by section; each has its own address, and the palette knows them by other words too. */
export function SettingsPage() {
  const me = useMe();
  const { section } = useParams({ strict: false });
  const chosen = sections.find((each) => each.key === section) ?? sections[0];
  const View = chosen.view;
  return (
    <div className="flex h-full min-h-0 flex-col sm:flex-row">
      <nav aria-label={t("title")} className="flex shrink-0 gap-0.5 overflow-x-auto border-border bg-surface p-2 max-sm:border-b sm:w-52 sm:flex-col sm:border-e sm:p-3">
        <p className="px-2 pt-1 pb-2 text-section font-semibold max-sm:hidden">{t("title")}</p>
        {sections.map((each) => (
          <Link
            key={each.key}
            to="/settings/$section"
            params={{ section: each.key }}
            aria-current={each.key === chosen.key ? "page" : undefined}
            ref={each.key === chosen.key ? intoView : undefined}
            className={cx(
              "flex min-h-8 items-center rounded-control px-2.5 font-medium whitespace-nowrap pointer-coarse:min-h-11",
              each.key === chosen.key ? "bg-accent-soft text-accent-text" : "text-text-2 hover:bg-hover hover:text-text",
            )}
          >
            {t(each.key)}
          </Link>
        ))}
      </nav>
      <div className="scroll min-h-0 min-w-0 flex-1">
        <div className="max-w-5xl">
          <PageHeader key={chosen.key} title={t(chosen.key)} text={t(chosen.text)} />
          <div className="space-y-4 px-4 pb-12 sm:px-6">
            {allowed(me, chosen.permission) ? <View /> : <p className="text-text-2">{t("noAccess", { role: me.member.role })}</p>}
          </div>
        </div>
      </div>
    </div>
  );
}
