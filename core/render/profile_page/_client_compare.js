/**
 * Two profiles compared: how much a function or a box changed, and whether that could be chance. The source text of this
 * function is put into the page: it must stand alone.
 *
 * @param total what each side counted in all, of the sample type shown
 * @param scale by what each side is multiplied before they are compared
 * @param events samples of each side; 0 when they are not known, and nothing is said of chance then
 * @param share whether shares are compared, not amounts
 */
export function pageCompare(total, scale, events, share) {
  const Z = 1.959963984540054;
  const known = events[0] > 0 && events[1] > 0 && total[0] > 0 && total[1] > 0;

  /** Wilson's interval of a proportion. */
  function wilson(hits, all) {
    const p = hits / all;
    const middle = (p + Z * Z / (2 * all)) / (1 + Z * Z / all);
    const half = Z / (1 + Z * Z / all) * Math.sqrt(p * (1 - p) / all + Z * Z / (4 * all * all));
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  }

  /**
   * How something changed.
   *
   * @param before value of it, as counted; `after` likewise
   * @returns delta: of the scaled values, as a part of the larger, −1 to 1; points: of the shares; change: of the
   *   scaled values; low, high: 95 % of `points` (Newcombe's score interval) or of `change` (Poisson); noise: whether
   *   they hold 0
   */
  return (before, after) => {
    const b = before * scale[0];
    const a = after * scale[1];
    const larger = Math.max(a, b);
    const shares = [before / (total[0] || 1), after / (total[1] || 1)];
    const out = {
      delta: larger > 0 ? (a - b) / larger : 0,
      points: shares[1] - shares[0],
      change: a - b,
      low: 0,
      high: 0,
      noise: a === b,
      known,
    };
    if (!known) return out;
    if (share) {
      const [low0, high0] = wilson(shares[0] * events[0], events[0]);
      const [low1, high1] = wilson(shares[1] * events[1], events[1]);
      out.low = out.points - Math.hypot(shares[1] - low1, high0 - shares[0]);
      out.high = out.points + Math.hypot(high1 - shares[1], shares[0] - low0);
    } else {
      // Of no samples at all nothing is known but that there are few: they vary as one does.
      const half = Z *
        Math.hypot(
          ...[0, 1].map((s) => Math.sqrt(Math.max(1, shares[s] * events[s])) * total[s] / events[s] * scale[s]),
        );
      out.low = out.change - half;
      out.high = out.change + half;
    }
    out.noise = out.low <= 0 && out.high >= 0;
    return out;
  };
}
