import { type CfiRows, cfiRows, type CfiTable, type Fde, RULE } from "../core/symbols/mod.ts";

/** What came of a comparison of our unwind rows with readelf's. */
export interface FrameComparison {
  readonly entries: number;
  readonly rows: number;
  /** Rows, entries and headers that are not the same, as sentences; the first of many. */
  readonly disagreements: readonly string[];
  /** All of them. */
  readonly wrong: number;
}

/** DWARF numbers of registers as readelf names them (binutils' `dwarf_regnames_…`), and the return address's. */
interface Names {
  readonly names: readonly string[];
  readonly ra: number;
}

const X86_64: Names = {
  names: [
    ..."rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split(" "),
    ...Array.from({ length: 16 }, (_, i) => `xmm${i}`),
  ],
  ra: 16,
};
const AARCH64: Names = {
  names: Array.from({ length: 96 }, (_, i) => i < 31 ? `x${i}` : i === 31 ? "sp" : i < 64 ? `r${i}` : `v${i - 64}`),
  ra: 30,
};

/** readelf's lines about one section's rows, from `readelf --debug-dump=frames-interp`. */
export interface FrameText {
  readonly section: string;
  readonly lines: string[];
}

/**
 * Runs readelf and yields its entries: the head line and the lines below it.
 *
 * @throws {Deno.errors.NotFound} when it is not installed
 */
export async function* readelfEntries(path: string): AsyncGenerator<FrameText> {
  const child = new Deno.Command("readelf", {
    args: ["--debug-dump=frames-interp", path],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let section = "";
  let entry: string[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("Contents of the ")) section = line.split(" ")[3];
      if (line === "") {
        if (entry.length > 0) yield { section, lines: entry };
        entry = [];
      } else if (/^[0-9a-f]{8,} [0-9a-f]{8,} |^ {3}LOC|^[0-9a-f]{16} /.test(line)) entry.push(line);
    }
  }
  if (entry.length > 0) yield { section, lines: entry };
  await child.status;
}

/** Compares every row of the tables with what readelf prints of the same file. */
export async function compareFrames(
  path: string,
  tables: readonly CfiTable[],
  machine: "x86_64" | "aarch64" = "x86_64",
): Promise<FrameComparison> {
  const registers = machine === "x86_64" ? X86_64 : AARCH64;
  const runner = cfiRows();
  const ours = new Map(tables.map((t) => [`.${t.section.kind}`, t.all()]));
  const disagreements: string[] = [];
  let entries = 0;
  let rows = 0;
  let wrong = 0;
  const differ = (text: string): void => {
    wrong++;
    if (disagreements.length < 10) disagreements.push(`${path}: ${text}`);
  };
  for await (const { section, lines } of readelfEntries(path)) {
    const head = lines[0].match(/^([0-9a-f]+) [0-9a-f]+ [0-9a-f]+ FDE cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)/);
    if (!head) continue;
    entries++;
    const next = ours.get(section)?.next();
    if (!next || next.done) {
      differ(`${section} has an entry ${lines[0]} that we did not find`);
      continue;
    }
    const fde = next.value;
    const [offset, cie, start, end] = head.slice(1).map((h) => parseInt(h, 16));
    if (fde.offset !== offset || fde.cie.offset !== cie || fde.start !== start || fde.end !== end) {
      differ(`${lines[0]} is ${fde.offset} ${fde.cie.offset} ${fde.start}..${fde.end} to us`);
      continue;
    }
    const columns = (lines[1] ?? "").trim().split(/\s+/).slice(2).map((name) =>
      name === "ra" ? registers.ra : registers.names.indexOf(name)
    );
    const mine = rowTexts(runner, fde, columns, registers.names);
    const theirs = lines.slice(2).map((l) => l.trim().replace(/\s+/g, " "));
    // readelf leaves out the rows of an entry without instructions of its own.
    if (lines.length === 1 && mine.length === 1) continue;
    rows += theirs.length;
    for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
      if (mine[i] !== theirs[i]) differ(`${lines[0]} row ${i}: readelf ${theirs[i]}, we ${mine[i]}`);
    }
  }
  for (const [section, left] of ours) {
    if (!left.next().done) differ(`${section}: we found entries that readelf has not`);
  }
  return { entries, rows, disagreements, wrong };
}

function rowTexts(
  runner: CfiRows,
  fde: Fde,
  columns: readonly number[],
  names: readonly string[],
): string[] {
  const texts: string[] = [];
  const plus = (n: number): string => n < 0 ? `${n}` : `+${n}`;
  runner.each(fde, (row) => {
    const cells = [
      row.location.toString(16).padStart(16, "0"),
      row.cfaByExpression ? "exp" : `${names[row.cfaRegister]}${plus(row.cfaOffset)}`,
    ];
    for (const n of columns) {
      const value = row.values[n];
      switch (row.rules[n]) {
        case RULE.SAME:
          cells.push("s");
          break;
        case RULE.OFFSET:
          cells.push(`c${plus(value)}`);
          break;
        case RULE.VAL_OFFSET:
          cells.push(`v${plus(value)}`);
          break;
        case RULE.REGISTER:
          cells.push(`r${value} (${names[value]})`);
          break;
        case RULE.EXPRESSION:
          cells.push("exp");
          break;
        case RULE.VAL_EXPRESSION:
          cells.push("vexp");
          break;
        default:
          cells.push("u");
      }
    }
    row.rules.forEach((rule, n) => {
      if (rule !== RULE.UNSPECIFIED && !columns.includes(n)) cells.push(`r${n}=?`);
    });
    texts.push(cells.join(" "));
  });
  return texts;
}
