import { useMemo } from "react";
import { qrCode } from "./qr";

/** A QR code that a camera reads in either theme: always dark on light. */
export function Qr({ text, label }: { text: string; label: string }) {
  const rows = useMemo(() => qrCode(text), [text]);
  const size = rows.length + 8;
  const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join("");
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges" className="w-full rounded-card border border-border bg-[white]">
      <path d={path} fill="black" />
    </svg>
  );
}
