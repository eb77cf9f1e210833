/** Median of numbers. */
export function median(xs: readonly number[]): number {
  const s = [...xs].sort((a, b) => a - b);
  const mid = s.length >> 1;
  return s.length % 2 ? s[mid] : (s[mid - 1] + s[mid]) / 2;
}

/** First and third quartile of numbers. */
export function quartiles(xs: readonly number[]): readonly [number, number] {
  const s = [...xs].sort((a, b) => a - b);
  const at = (part: number): number => {
    const place = part * (s.length - 1);
    const below = Math.floor(place);
    return s[below] + (s[Math.min(below + 1, s.length - 1)] - s[below]) * (place - below);
  };
  return [at(0.25), at(0.75)];
}

/** Runs things in turn, so that what else the machine does hits all of them alike; answers the samples of each. */
export async function alternate(
  rounds: number,
  runs: Readonly<Record<string, () => number | Promise<number>>>,
): Promise<Record<string, number[]>> {
  const samples: Record<string, number[]> = Object.fromEntries(Object.keys(runs).map((k) => [k, []]));
  for (let i = 0; i < rounds; i++) {
    for (const [name, run] of Object.entries(runs)) samples[name].push(await run());
  }
  return samples;
}

/** Wall time of a command from start to end, in ms. */
export async function wallMs(command: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const { code } = await new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null", stdin: "null" })
    .output();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
  return performance.now() - start;
}

/** One line of the report: a name, a figure, the goal, what it was compared with. */
export function line(name: string, figure: string, goal: string, against = ""): void {
  console.log(`${name.padEnd(58)} ${figure.padStart(16)}   goal ${goal.padEnd(14)} ${against}`);
}
