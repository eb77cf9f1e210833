/**
 * Colours of frames and of all that is drawn on a canvas, for light and dark. The source text of this function is put
 * into the page: it must stand alone.
 */
export function pageColors(data, model) {
  const SHADES = 10;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  const isDark = () => dark.matches && !printing;
  const { kinds, waiting, reasons, kindOrder } = data.palette;

  /** A number in [0, n) that depends on the text alone (FNV-1a), as in the SVG. */
  function hash(name, n) {
    let h = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
    h ^= h >>> 15;
    return (h >>> 0) % n;
  }

  const shadeOf = data.names.map((name) => hash(name, SHADES));
  const moduleHue = data.modules.map((name) => hash(name, 24) * 15);

  function hsl(hue, saturation, shade) {
    const light = isDark() ? 32 + shade * 7 % 10 : 68 + shade * 7 % 10;
    return `hsl(${Math.round(hue)} ${Math.round(isDark() ? saturation * 0.52 : saturation)}% ${light}%)`;
  }

  const gray = (shade) => hsl(40, 9, shade);

  function ofKind(f, set) {
    const kind = kindOrder[data.kind[f]];
    if (kind === undefined || kind === "unknown") return gray(shadeOf[f]);
    const { hues: [from, to], saturation } = set[kind];
    return hsl(from + (to - from) * shadeOf[f] / (SHADES - 1), saturation, shadeOf[f]);
  }

  /** −1 (blue: less) to 1 (red: more); 0 is paper. */
  function change(x) {
    const size = Math.min(1, Math.abs(x));
    const hue = x > 0 ? 8 : 216;
    return isDark()
      ? `hsl(${hue} ${Math.round(size * 62)}% ${Math.round(27 + size * 18)}%)`
      : `hsl(${hue} ${Math.round(30 + size * 55)}% ${Math.round(92 - size * 30)}%)`;
  }

  const neutral = () => isDark() ? "hsl(40 5% 27%)" : "hsl(40 10% 88%)";

  /** Pale to strong by a share of 0–1. */
  function heatOf(share) {
    const s = Math.sqrt(Math.min(1, share));
    return isDark()
      ? `hsl(${Math.round(46 - s * 38)} ${Math.round(10 + s * 55)}% ${Math.round(26 + s * 18)}%)`
      : `hsl(${Math.round(48 - s * 40)} ${Math.round(20 + s * 70)}% ${Math.round(90 - s * 30)}%)`;
  }

  /**
   * What colours the boxes of a tree.
   *
   * @param mode kind, module, offcpu, self, change, or label:INDEX
   */
  function painter(mode, choice, compared) {
    if (mode === "change" && compared) {
      return (i, tree) => {
        if (!tree.sides) return tree.frame[i] < 0 ? gray(0) : ofKind(tree.frame[i], kinds);
        const { delta, noise } = compared(i, tree);
        return noise ? neutral() : change(delta);
      };
    }
    if (mode === "module") {
      return (i, tree) => {
        const f = tree.frame[i];
        if (f < 0 || data.modules[data.module[f]] === "") return gray(0);
        return hsl(moduleHue[data.module[f]], 55, shadeOf[f]);
      };
    }
    if (mode === "self") {
      return (i, tree) =>
        tree.frame[i] < 0 ? gray(0) : heatOf(tree.total[0] > 0 ? tree.self[i] / tree.total[0] * 4 : 0);
    }
    const label = mode.startsWith("label:")
      ? Number(mode.slice(6))
      : mode === "offcpu"
      ? data.labels.keys.indexOf("reason")
      : -1;
    if (label >= 0) {
      const best = model.dominant(choice, label);
      const names = data.labels.values[label];
      return (i, tree) => {
        const f = tree.frame[i];
        if (f < 0) return gray(0);
        // Trees made of this one (a sandwich) are coloured by kind.
        const v = tree.frame === model.frame ? best[i] : -1;
        if (v < 0) return ofKind(f, mode === "offcpu" ? waiting : kinds);
        if (mode !== "offcpu") return hsl(hash(names[v], 24) * 15, 50, shadeOf[f]);
        // The reason is the hue; code of the kernel is the duller of the two.
        const kernel = kindOrder[data.kind[f]] === "kernel";
        return hsl(reasons[names[v]] ?? 160 + hash(names[v], 12) * 10, kernel ? 26 : 58, shadeOf[f]);
      };
    }
    const set = mode === "offcpu" ? waiting : kinds;
    return (i, tree) => tree.frame[i] < 0 ? gray(0) : ofKind(tree.frame[i], set);
  }

  /** What a mode's colours mean: pairs of colour and name. */
  function legend(mode) {
    const used = new Set(data.kind);
    if (mode === "kind" || mode === "offcpu" && !data.labels.keys.includes("reason")) {
      const set = mode === "kind" ? kinds : waiting;
      return kindOrder.flatMap((kind, k) => {
        if (!used.has(k)) return [];
        const { hues: [from, to], saturation } = set[kind];
        return [[hsl((from + to) / 2, saturation, 4), data.texts["kind_" + kind]]];
      });
    }
    if (mode === "offcpu") {
      const k = data.labels.keys.indexOf("reason");
      return data.labels.values[k].slice(0, 8).map((
        name,
      ) => [hsl(reasons[name] ?? 160 + hash(name, 12) * 10, 58, 4), name]);
    }
    if (mode === "change") {
      return [[change(1), data.texts.more], [change(-1), data.texts.less], [neutral(), data.texts.noise]];
    }
    if (mode === "self") return [[heatOf(0), data.texts.self_little], [heatOf(1), data.texts.self_much]];
    if (mode.startsWith("label:")) {
      return data.labels.values[Number(mode.slice(6))].slice(0, 8).map((
        name,
      ) => [hsl(hash(name, 24) * 15, 50, 4), name]);
    }
    return [];
  }

  function ink() {
    return isDark()
      ? {
        on: "#f6f1e8",
        line: "#ffffff",
        soft: "#9d978d",
        hit: "#a832a0",
        onHit: "#ffffff",
        crumb: "hsl(40 5% 24%)",
        none: "#1d1f23",
        heat: data.palette.darkHeat,
      }
      : {
        on: "#1f1a14",
        line: "#1a1815",
        soft: "#6d6861",
        hit: "#c23fb8",
        onHit: "#ffffff",
        crumb: "hsl(40 16% 87%)",
        none: "#f5f2ec",
        heat: data.palette.lightHeat,
      };
  }

  return {
    painter,
    legend,
    ink,
    onChange: (redraw) => {
      dark.addEventListener("change", redraw);
      addEventListener("beforeprint", () => {
        printing = true;
        redraw();
      });
      addEventListener("afterprint", () => {
        printing = false;
        redraw();
      });
    },
  };
}
