import type { Row, SmokeCase } from "./smoke_case.ts";

/** Events of a case: the first is number 1. */
const N = 40;
const NAME = "w\u00f6rld";
const EVENT = "tracepoint:sonde_test:sonde_hit";
/** `big` of the first event. */
const STEP = -(2n ** 40n);

/**
 * Cases of a tracepoint that no kernel has: that of tests/kernels/module, which must be loaded. Each write to its
 * device fires it a known number of times with known fields.
 *
 * @param missing why the module is not loaded; null when it is
 */
export function moduleCases(missing: string | null): readonly SmokeCase[] {
  const common = {
    kind: "tracepoint",
    missing: () => missing,
    // A shell writes, not we: events of our own process may be left out.
    work: async () => {
      const args = ["-c", 'echo "$0" "$1" > /dev/sonde_test', String(N), NAME];
      const { success } = await new Deno.Command("/bin/sh", { args }).output();
      if (!success) throw new Error("cannot write to /dev/sonde_test");
    },
  };
  return ["bpf", "perf"].flatMap((engine): SmokeCase[] => [
    {
      ...common,
      name: `tracepoint of a module, engine ${engine}`,
      engine,
      recipe: () => `collect ${EVENT} | aggregate count(), sum(args.number), min(args.small), min(args.big)`,
      problem: sums,
    },
    {
      ...common,
      name: `its fields, engine ${engine}`,
      engine,
      recipe: () => `collect ${EVENT} | select args.number, args.big, args.small, args.odd, args.fixed, args.name`,
      problem: fields,
    },
  ]);
}

function sums(rows: readonly Row[]): string | null {
  const expected = {
    count: N,
    sum_args_number: N * (N + 1) / 2,
    min_args_small: -N,
    min_args_big: STEP * BigInt(N),
  };
  return differences(rows, [expected]);
}

function fields(rows: readonly Row[]): string | null {
  const expected = Array.from({ length: N }, (_, i) => ({
    number: i + 1,
    big: STEP * BigInt(i + 1),
    small: -(i + 1),
    odd: (i + 1) % 2,
    fixed: "fixed",
    name: NAME,
  }));
  return differences(rows, expected);
}

/** Compares values by their text: numbers of 64 bits are strings in JSON. */
function differences(rows: readonly Row[], expected: readonly Readonly<Record<string, unknown>>[]): string | null {
  if (rows.length !== expected.length) return `${rows.length} rows, expected ${expected.length}`;
  for (const [i, row] of rows.entries()) {
    for (const [column, value] of Object.entries(expected[i])) {
      const found = row[column] ?? row[`args.${column}`] ?? row[`args_${column}`];
      const text = typeof found === "boolean" ? String(Number(found)) : String(found);
      if (text !== String(value)) {
        return `row ${i + 1}: ${column} is ${text}, expected ${value}: ${JSON.stringify(row)}`;
      }
    }
  }
  return null;
}
