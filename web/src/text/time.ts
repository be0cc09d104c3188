import { catalogue, locale } from "../i18n/i18n";

const t = catalogue("time", {
  now: "now",
  minutes: { one: "{n} min", other: "{n} min" },
  hours: { one: "{n} h", other: "{n} h" },
  days: { one: "{n} day", other: "{n} days" },
  today: "Today",
  yesterday: "Yesterday",
  todayAt: "today at {time}",
  onDate: "on {date}, {time}",
});

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, at: Date): string {
  const key = locale() + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale(), options);
    formats.set(key, made);
  }
  return made.format(at);
}

/** Milliseconds of an API time, or undefined when it is unset. */
export function instant(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** 14:02, in the reader's zone or the given one. */
export function clockTime(at: number, zone?: string): string {
  return format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(zone ? { timeZone: zone } : {}) }, new Date(at));
}

/** "14 min", "3 h", "2 days": how long something has lasted or is still to come. */
export function span(milliseconds: number): string {
  const length = Math.abs(milliseconds);
  if (length < minute) return t("now");
  if (length < hour) return t("minutes", { n: Math.floor(length / minute) });
  if (length < 2 * day) return t("hours", { n: Math.floor(length / hour) });
  return t("days", { n: Math.floor(length / day) });
}

/** Calendar day in the reader's zone, as a sortable key. */
export function dayKey(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "Today", "Yesterday", "Tuesday 12 May", with the year when it is another. */
export function dayLabel(at: number, now: number): string {
  if (dayKey(at) === dayKey(now)) return t("today");
  if (dayKey(at) === dayKey(now - day)) return t("yesterday");
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format({ weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }, new Date(at));
}

/** Short date: "12 May", with the year when it is another. */
export function shortDate(at: number, now: number): string {
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format({ day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }, new Date(at));
}

/** The time today, the date before: as a list of conversations shows it. */
export function listTime(at: number, now: number): string {
  return dayKey(at) === dayKey(now) ? clockTime(at) : shortDate(at, now);
}

/** "12 May, 14:02": for sentences. */
export function dateTime(at: number, now: number): string {
  return dayKey(at) === dayKey(now) ? clockTime(at) : `${shortDate(at, now)}, ${clockTime(at)}`;
}

/** "today at 14:02", "on 12 May, 14:02": inside a sentence. */
export function momentText(at: number, now: number): string {
  return dayKey(at) === dayKey(now) ? t("todayAt", { time: clockTime(at) }) : t("onDate", { date: shortDate(at, now), time: clockTime(at) });
}

/** "09:00", or "Mon 09:00" on another day, in the given zone. */
export function nearTime(at: number, now: number, zone?: string): string {
  const place = zone ? { timeZone: zone } : {};
  const weekday = (moment: number) => format({ weekday: "short", ...place }, new Date(moment));
  return weekday(at) === weekday(now) ? clockTime(at, zone) : `${weekday(at)} ${clockTime(at, zone)}`;
}

export function monthLabel(at: number): string {
  return format({ month: "long", year: "numeric" }, new Date(at));
}

export function fullTime(at: number): string {
  return format({ dateStyle: "full", timeStyle: "long" }, new Date(at));
}
