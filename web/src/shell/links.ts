import { BarChart3, Inbox, Route, Settings, ShoppingCart, Smartphone, Ticket, Users, type LucideIcon } from "lucide-react";
import { catalogue } from "../i18n/i18n";

export const t = catalogue("shell", {
  inbox: "Inbox",
  people: "Customers",
  carts: "Carts",
  journeys: "Journeys",
  offers: "Offers",
  reports: "Reports",
  settings: "Settings",
  phones: "Phones",
  skip: "Skip to content",
  navigation: "Main",
  palette: "Search and commands",
  account: "{name}, account",
  signOut: "Sign out",
  theme: "Theme",
  system: "As the system",
  light: "Light",
  dark: "Dark",
  density: "Density",
  comfortable: "Comfortable",
  compact: "Compact",
  keyboard: "Keyboard shortcuts",
  switchTo: "Go to {name}",
  offline: "Offline. What you write is kept, and sent later.",
  skewed: "The demo's clock shows {time}, {span} ahead of yours.",
  demo: "Demo",
  more: "More",
});

export interface Destination {
  key: "inbox" | "people" | "carts" | "journeys" | "offers" | "reports" | "settings";
  to: "/inbox" | "/people" | "/carts" | "/journeys" | "/offers" | "/reports" | "/settings/$section";
  icon: LucideIcon;
  permission: string;
}

/** The places of the app, in the order of the rail. */
export const destinations: Destination[] = [
  { key: "inbox", to: "/inbox", icon: Inbox, permission: "conversation.read" },
  { key: "people", to: "/people", icon: Users, permission: "person.read" },
  { key: "carts", to: "/carts", icon: ShoppingCart, permission: "cart.read" },
  { key: "journeys", to: "/journeys", icon: Route, permission: "journey.read" },
  { key: "offers", to: "/offers", icon: Ticket, permission: "offer.read" },
  { key: "reports", to: "/reports", icon: BarChart3, permission: "report.read" },
  { key: "settings", to: "/settings/$section", icon: Settings, permission: "self.use" },
];

export const phoneIcon = Smartphone;
