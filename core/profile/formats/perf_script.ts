/**
 * The text that `perf script` prints (tools/perf/builtin-script.c): for each sample a line
 * `COMM PID/TID [CPU] TIME: PERIOD EVENT:`, then its frames, leaf first: `ADDRESS SYMBOL+0xOFFSET (MODULE)`, each with
 * its source line below when asked for (`-F +srcline`), and an empty line. With `-G` the frame is on the sample's line.
 *
 * perf writes names as they are: a process whose name holds a line break breaks the text, and is skipped.
 */
import { type Frame, type FrameKind, type Profile, quality, type SampleType } from "../../data/mod.ts";
import { FormatError } from "./format_error.ts";

/** Takes the text in pieces. */
export interface PerfScriptParser {
  push(chunk: string): void;
  /** @throws {FormatError} when there was text, but no sample in it */
  end(): Profile;
}

/** Reads `perf script` text as it comes, in chunks of any size. */
export function perfScriptParser(): PerfScriptParser {
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const types: SampleType[] = [SAMPLES];
  const typeIndex = new Map<string, number>();
  const stacks = new Map<string, { frames: number[]; values: number[]; labels: Record<string, string> }>();
  let rest = "";
  let lineNumber = 0;
  let skipped = 0;
  let events = 0;
  let sample: { labels: Record<string, string>; type: number; period: number; leafFirst: Frame[] } | null = null;

  const finish = (): void => {
    if (!sample) return;
    const { labels, type, period, leafFirst } = sample;
    sample = null;
    events++;
    const indexes = leafFirst.reverse().map((f) => {
      const key = `${f.kind}\0${f.function}\0${f.module}\0${f.file}\0${f.line}`;
      let index = frameIndex.get(key);
      if (index === undefined) frameIndex.set(key, index = frames.push(f) - 1);
      return index;
    });
    const key = `${indexes.join(",")}\0${JSON.stringify(labels)}`;
    let stack = stacks.get(key);
    if (!stack) stacks.set(key, stack = { frames: indexes, values: [], labels });
    stack.values[0] = (stack.values[0] ?? 0) + 1;
    if (type > 0) stack.values[type] = (stack.values[type] ?? 0) + period;
  };
  const typeOf = (event: string): number => {
    let index = typeIndex.get(event);
    if (index === undefined) {
      index = types.push({ name: event, unit: /^(cpu|task)-clock/.test(event) ? "ns" : "count" }) - 1;
      typeIndex.set(event, index);
    }
    return index;
  };
  const line = (text: string): void => {
    lineNumber++;
    if (text.endsWith("\r")) text = text.slice(0, -1);
    if (text.trim() === "") return finish();
    if (text.length > MAX_LINE) return void skipped++;
    const head = text.length > MAX_HEADER ? null : HEADER.exec(text);
    if (head) {
      finish();
      const [, comm, first, second, cpu, period, event, inline] = head;
      const labels: Record<string, string> = second === undefined ? { comm, tid: first } : { pid: first, comm };
      if (second !== undefined && second !== first) labels.tid = second;
      if (cpu !== undefined) labels.cpu = String(Number(cpu));
      sample = {
        labels,
        type: period === undefined ? 0 : typeOf(event),
        period: Number(period ?? 0),
        leafFirst: [],
      };
      const frame = parseFrame(inline);
      if (frame) sample.leafFirst.push(frame);
      return;
    }
    if (!sample) {
      if (!text.startsWith("#")) skipped++;
      return;
    }
    const frame = parseFrame(text);
    if (frame) {
      sample.leafFirst.push(frame);
      return;
    }
    const source = SOURCE.exec(text);
    const last = sample.leafFirst.at(-1);
    if (source && last) {
      sample.leafFirst[sample.leafFirst.length - 1] = { ...last, file: source[1], line: Number(source[2]) };
    } else if (!/^\s+\S+\[[0-9a-f]+\]$/.test(text)) skipped++; // `deno[2325bc2]`: an address without a source line
  };

  return {
    push: (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const text of lines) line(text);
    },
    end: () => {
      if (rest !== "") line(rest);
      rest = "";
      finish();
      if (events === 0 && skipped > 0) throw new FormatError("no sample of perf script so far", lineNumber);
      const list = [...stacks.values()].map((s) => ({ ...s, values: types.map((_, i) => s.values[i] ?? 0) }));
      const notes = skipped > 0 ? [`${skipped} lines could not be read as perf script text.`] : [];
      return { kind: "profile", sampleTypes: types, frames, stacks: list, quality: quality({ events, notes }) };
    },
  };
}

/**
 * The profile that `perf script` printed: sample type `samples`, and for each event that shows its period another of
 * the event's name; labels `comm`, `pid`, `tid`, `cpu`, as far as printed.
 *
 * @throws {FormatError} when there is text, but no sample in it
 */
export function parsePerfScript(text: string): Profile {
  const parser = perfScriptParser();
  parser.push(text);
  return parser.end();
}

/** Whether text begins like that of `perf script`: a sample's line among the first. */
export function looksLikePerfScript(text: string): boolean {
  return text.slice(0, 65536).split("\n").slice(0, 50).some((l) => HEADER.test(l));
}

function parseFrame(text: string): Frame | null {
  const m = FRAME.exec(text);
  if (!m) return null;
  const [, address, symbol, module] = m;
  const inlined = module === "inlined";
  const kernel = address.length === 16 && address.startsWith("f");
  const kind: FrameKind = inlined ? "inlined" : kernel ? "kernel" : "user";
  const name = symbol.replace(/\+0x[0-9a-f]+$/, "");
  return { function: name, module: inlined || module === "[unknown]" ? "" : module, file: "", line: 0, kind };
}

/** A name may hold spaces, colons and digits: what follows it decides where it ends. */
const HEADER = /^\s*(\S.*?)\s+(-?\d+)(?:\/(-?\d+))?\s+(?:\[(\d+)\]\s+)?\d+\.\d+:\s+(?:(\d+)\s+)?(\S+?):(?=\s|$)(.*)$/;
const FRAME = /^\s*([0-9a-f]+) (.*) \(((?:[^()]|\([^()]*\))*)\)$/;
const SOURCE = /^\s+(\S.*):(\d+)(?: \(discriminator \d+\))?$/;
/** Longer lines are none that perf writes; the patterns take time by the square of the length. */
const MAX_LINE = 8192;
const MAX_HEADER = 1024;
const SAMPLES: SampleType = { name: "samples", unit: "count" };
