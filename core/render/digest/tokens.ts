/**
 * How many tokens a model takes for a text, rather too many than too few: a token for three characters of ASCII (tables
 * of numbers take more tokens than prose), one for each other character.
 */
export function estimateTokens(text: string): number {
  let other = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) other++;
  return Math.ceil((text.length - other) / 3) + other;
}

/**
 * As many lines as fit, always with the last `kept` of them; what was left out is counted in a line of its own.
 *
 * @param maxTokens at least about 40, less is taken as 40
 */
export function fitLines(lines: readonly string[], maxTokens: number, kept = 0): string {
  const tail = lines.slice(lines.length - kept);
  const body = lines.slice(0, lines.length - kept);
  const cost = (line: string): number => estimateTokens(line + "\n");
  let left = Math.max(40, maxTokens) - tail.reduce((sum, line) => sum + cost(line), 0);
  if (body.reduce((sum, line) => sum + cost(line), 0) <= left) return lines.join("\n");
  left -= 14;
  const out: string[] = [];
  for (const line of body) {
    left -= cost(line);
    if (left < 0) break;
    out.push(line);
  }
  return [...out, `… ${body.length - out.length} lines left out`, ...tail].join("\n");
}
