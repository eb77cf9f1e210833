/**
 * The names most like a mistyped one, best first.
 *
 * @param limit most names to answer
 * @returns names within a third of the length (at least 1, at most 4 edits); behind them names of which one begins with the
 *   other or that end alike, those that hold it, and those that it abbreviates, short ones first
 */
export function nearest(name: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = name.toLowerCase();
  const most = Math.min(4, Math.max(1, Math.floor(wanted.length / 3)));
  const scored: { name: string; score: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const text = candidate.toLowerCase();
    const score = editDistance(wanted, text, most);
    // Behind those with typing mistakes, each sort by length: what is shortest has least besides.
    const behind = (rank: number): void =>
      void scored.push({ name: candidate, score: most + rank + text.length / 1000 });
    if (score <= most) scored.push({ name: candidate, score });
    else if (wanted.length >= 3 && (text.startsWith(wanted) || wanted.startsWith(text) && text.length >= 3)) behind(1);
    else if (lastPart(text) === lastPart(wanted) && lastPart(wanted).length >= 3) behind(1);
    else if (wanted.length >= 4 && text.includes(wanted)) behind(2);
    else if (
      wanted.length >= 3 && text[0] === wanted[0] && text.length <= 2 * wanted.length && isWithin(wanted, text)
    ) {
      behind(3);
    }
  }
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return scored.slice(0, limit).map((s) => s.name);
}

/** "did you mean a, b or c?", or the empty string. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearest(name, candidates);
  if (names.length === 0) return "";
  const last = names.pop()!;
  return `Did you mean ${names.length > 0 ? `${names.join(", ")} or ${last}` : last}?`;
}

/** Whether a text is another with letters left out: `cnt` of `count`. */
function isWithin(short: string, long: string): boolean {
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return at === short.length;
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf(":")) + 1);
}

/**
 * Edits (insert, delete, replace, swap of neighbours) from one text to another: the restricted Damerau-Levenshtein
 * distance.
 *
 * @param most beyond this the exact number does not matter; the answer is then `most + 1`
 */
export function editDistance(a: string, b: string, most = Infinity): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  const width = Math.min(most, Math.max(a.length, b.length));
  const far = width + 1;
  // Rows i-2, i-1 and i of the table. What is further than `width` from its diagonal is too far in any case: two names
  // as long as a book are compared as fast as they are read.
  let [before, previous, current] = [0, 1, 2].map(() => new Array<number>(b.length + 1).fill(far));
  for (let j = 0; j <= Math.min(width, b.length); j++) previous[j] = j;
  for (let i = 1; i <= a.length; i++) {
    const first = Math.max(1, i - width);
    const last = Math.min(b.length, i + width);
    current[first - 1] = first === 1 && i <= width ? i : far;
    for (let j = first; j <= last; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2] + 1);
      current[j] = Math.min(best, far);
    }
    if (last < b.length) current[last + 1] = far;
    [before, previous, current] = [previous, current, before];
  }
  return Math.min(previous[b.length], most + 1);
}
