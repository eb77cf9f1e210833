import { CLOCK, clockNs } from "../sys/mod.ts";

/** What stands before each line, besides the thread. */
export interface LineTimes {
  /** Time of day: seconds, microseconds, or microseconds since 1970 (strace's -t, -tt, -ttt). */
  readonly clock: "none" | "seconds" | "micros" | "epoch";
  /** Time since the line before (strace's -r). */
  readonly relative: boolean;
}

/** Makes what stands before a line: its time, with a space behind it; empty when no times are wanted. */
export function linePrefix({ clock, relative }: LineTimes): () => string {
  if (clock === "none" && !relative) return () => "";
  let lastNs = 0;
  return () => {
    let text = "";
    if (clock !== "none") {
      const ns = clockNs(CLOCK.REALTIME);
      const seconds = Math.floor(ns / 1e9);
      const micros = String(Math.floor((ns - seconds * 1e9) / 1e3)).padStart(6, "0");
      if (clock === "epoch") text = `${seconds}.${micros} `;
      else {
        const d = new Date(seconds * 1e3);
        const time = [d.getHours(), d.getMinutes(), d.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
        text = clock === "micros" ? `${time}.${micros} ` : `${time} `;
      }
    }
    if (relative) {
      const now = clockNs();
      const ns = lastNs === 0 ? 0 : now - lastNs;
      lastNs = now;
      const shown = `${Math.floor(ns / 1e9)}.${String(Math.floor(ns % 1e9 / 1e3)).padStart(6, "0")}`.padStart(12);
      text += text === "" ? `${shown} ` : `(+${shown}) `;
    }
    return text;
  };
}

/** A time in seconds with six digits behind the point, as `-T` shows it. @param ns 0 or more */
export function secondsText(ns: number): string {
  const micros = Math.floor(ns / 1e3);
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
}
