import { median, quartiles } from "./measure.ts";

/**
 * Prints our figure beside others' and the ratios, with the quartiles as the spread.
 *
 * @param goal the ratio to stay under
 * @param ours samples, one a round
 * @param others samples by name, of the same rounds
 */
export function versus(
  name: string,
  unit: string,
  goal: number,
  ours: readonly number[],
  others: Readonly<Record<string, readonly number[]>>,
): void {
  console.log(`${name.padEnd(42)} ${figure(ours, unit).padEnd(28)} goal ${goal} x`);
  for (const [other, samples] of Object.entries(others)) {
    const ratio = median(ours) / median(samples);
    const met = ratio <= goal ? "met" : "missed";
    console.log(
      `  ${other.padEnd(40)} ${figure(samples, unit).padEnd(28)} ratio ${ratio.toFixed(2)} ${met}`,
    );
  }
}

/** `12.3 ms [11.9 – 13.0]`. */
function figure(samples: readonly number[], unit: string): string {
  const [low, high] = quartiles(samples);
  return `${number(median(samples))} ${unit} [${number(low)} – ${number(high)}]`;
}

function number(n: number): string {
  return Math.abs(n) < 10 ? n.toFixed(2) : n.toFixed(Math.abs(n) < 100 ? 1 : 0);
}
