import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { RecoveryReport } from "../api/types";
import { locale } from "../i18n/i18n";
import { formatMoney, minorPerUnit } from "../text/money";
import { preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { t } from "./text";

type Days = NonNullable<RecoveryReport["daily"]>;

/** Bars of the days; the day that is not over is drawn hollow. The table beside holds the same numbers. */
export function Chart({ days, currency }: { days: Days; currency: string }) {
  const place = useRef<HTMLDivElement>(null);
  const { theme } = useStore(preferences);
  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const style = getComputedStyle(box);
    const colour = (name: string) => style.getPropertyValue(name).trim() || "currentColor";
    // A canvas cannot read light-dark(): the colours are resolved on an element first.
    const probe = document.createElement("span");
    box.append(probe);
    const resolved = (name: string) => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color || colour(name);
    };
    const [accent, text, line] = [resolved("--accent"), resolved("--text-3"), resolved("--border")];
    probe.remove();
    const unit = minorPerUnit(currency);
    const values = days.map((day) => day.recovered.minor / unit);
    const partial = days.findIndex((day) => day.partial);
    const whole = values.map((value, i) => (i === partial ? null : value));
    const hollow = values.map((value, i) => (i === partial ? value : null));
    const bars = uPlot.paths.bars?.({ size: [0.62, 40], radius: 0.18 });
    const money = (value: number) => formatMoney({ minor: Math.round(value * unit), currency }, true);
    const format = new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: "UTC" });
    const options: uPlot.Options = {
      width: box.clientWidth,
      height: 220,
      legend: { show: false },
      cursor: { y: false, points: { show: false } },
      scales: { x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [
        { stroke: text, font: "11px Inter", grid: { show: false }, ticks: { show: false }, size: 28, space: 64, values: (_, splits) => splits.map((i) => (Number.isInteger(i) && days[i] ? format.format(new Date(days[i].date)) : "")) },
        { stroke: text, font: "11px Inter", grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 64, values: (_, splits) => splits.map(money) },
      ],
      series: [{}, { fill: accent, stroke: accent, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) }, { stroke: accent, width: 1.5, dash: [4, 3], points: { show: false }, ...(bars ? { paths: bars } : {}) }],
    };
    const plot = new uPlot(options, [days.map((_, i) => i), whole, hollow], box);
    const resize = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 220 }));
    resize.observe(box);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [days, currency, theme]);
  return <div ref={place} role="img" aria-label={t("chartLabel")} className="h-55" />;
}
