/** How figures read in the page. The source text of this function is put into it: it must stand alone. */
export function pageText(data) {
  const texts = data.texts;

  function number(v) {
    const whole = Math.abs(v) >= 100 || Number.isInteger(v);
    const digits = whole ? Math.round(v).toString() : v.toPrecision(3);
    return digits.replace(/^(-?\d+)/, (d) => d.replace(/\B(?=(\d{3})+$)/g, ","));
  }

  function scaled(v, base, units) {
    let i = 0;
    while (Math.abs(v) >= base - 0.5 && i < units.length - 1) {
      v /= base;
      i++;
    }
    const size = Math.abs(v);
    return v.toFixed(Number.isInteger(v) || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2) + " " + units[i];
  }

  function duration(ns) {
    if (Math.abs(ns) < 59.995e9) return scaled(ns, 1000, ["ns", "µs", "ms", "s"]);
    const s = Math.round(Math.abs(ns) / 1e9);
    const sign = ns < 0 ? "-" : "";
    const two = (v) => String(v).padStart(2, "0");
    return sign +
      (s < 3600
        ? `${Math.floor(s / 60)}m${two(s % 60)}s`
        : `${Math.floor(s / 3600)}h${two(Math.floor(s % 3600 / 60))}m`);
  }

  /** A value of a sample type with its unit. */
  function amount(v, type) {
    if (type.unit === "ns") return duration(v);
    if (type.unit === "bytes") return scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
    return number(v) + (type.name ? " " + type.name : "");
  }

  function percent(part, whole) {
    const p = whole > 0 ? part / whole * 100 : 0;
    return (p === 0 || p >= 99.95 ? p.toFixed(0) : p < 0.01 ? "<0.01" : p.toFixed(p < 1 ? 2 : 1)) + " %";
  }

  /** A share as a change: `+1.3`, `−0.04`, `0`, in percentage points. */
  function points(share) {
    const p = share * 100;
    const size = Math.abs(p);
    if (size < 0.005) return "0";
    return (p > 0 ? "+" : "−") + size.toFixed(size < 1 ? 2 : 1);
  }

  function seconds(ms) {
    return (ms / 1000).toFixed(ms % 1000 === 0 ? 0 : ms % 100 === 0 ? 1 : 2);
  }

  function fill(key, values = {}) {
    return texts[key].replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  }

  /** Cuts to the columns that fit in some pixels; characters of CJK take two columns. */
  function cut(text, pixels, charWidth) {
    const room = Math.floor(pixels / charWidth);
    if (text.length * 2 <= room) return text;
    let used = 0;
    let at = 0;
    for (const char of text) {
      const w = char.codePointAt(0) >= 0x1100 ? 2 : 1;
      if (used + w > room) return room < 3 ? "" : text.slice(0, Math.max(0, at - 1)) + "…";
      used += w;
      at += char.length;
    }
    return text;
  }

  /** What a search looks for; null for nothing, and an expression that matches nothing while it is half typed. */
  function expression(text) {
    if (text === "") return { re: null, broken: false };
    try {
      // As editors do: capitals make the search mind them.
      return { re: new RegExp(text, /[A-Z]/.test(text) ? "" : "i"), broken: false };
    } catch {
      return { re: /(?!)/, broken: true };
    }
  }

  return { number, duration, amount, percent, points, seconds, fill, cut, expression };
}
