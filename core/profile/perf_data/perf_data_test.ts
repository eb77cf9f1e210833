import assert from "node:assert/strict";
import type { Profile } from "../../data/mod.ts";
import { openHost } from "../../host/mod.ts";
import { skip } from "../../../tests/skip.ts";
import { FormatError } from "../formats/format_error.ts";
import { sniffFormat } from "../find_format.ts";
import { perfDataParser } from "./perf_data_parser.ts";
import { perfDataReader } from "./perf_data_reader.ts";
import { recordedChains } from "./recorded_chains.ts";

const FIXTURES = new URL("../../../../shared/fixtures/profiles/perf-data/", import.meta.url);
const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);

/** A sample as `perf script` shows it, and as we read it. */
interface Line {
  readonly comm: string;
  readonly ids: string;
  readonly time: string;
  readonly period: number;
  readonly event: string;
  /** Addresses of the chain, leaf first. */
  readonly chain: readonly string[];
}

function fixtures(): { name: string; bytes: Uint8Array }[] {
  try {
    return [...Deno.readDirSync(FIXTURES)].map((e) => e.name).sort()
      .map((name) => ({ name, bytes: Deno.readFileSync(new URL(name, FIXTURES)) }));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    skip("../shared/fixtures/profiles/perf-data is missing");
    return [];
  }
}

function ours(
  bytes: Uint8Array,
  piece = bytes.length,
): { lines: Line[]; notes: string[]; lost: Record<string, number> } {
  const lines: (Omit<Line, "event"> & { index: number })[] = [];
  const chains = recordedChains(null);
  const parser = perfDataParser({
    sample: (s, event, task, time) => {
      const n = chains.make(s, event.attr, task.process.space);
      const chain: string[] = [];
      for (let i = 0; i < n; i += 2) {
        const address = BigInt(chains.words[i + 1]) << 32n | BigInt(chains.words[i]);
        if (address < 2n ** 64n - 4095n) chain.push(address.toString(16));
      }
      const ns = time === time ? parser.timeBase() + BigInt(time) : 0n;
      lines.push({
        comm: task.comm ?? `:${s.tid}`,
        ids: `${s.pid}/${s.tid}`,
        time: `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, "0")}`,
        period: s.period,
        index: event.index,
        chain,
      });
    },
  });
  for (let i = 0; i < bytes.length; i += piece) parser.push(bytes.subarray(i, i + piece));
  parser.end();
  return {
    lines: lines.map(({ index, ...l }) => ({ ...l, event: parser.events[index].name })),
    notes: parser.notes(),
    lost: parser.lost,
  };
}

/** What perf makes of a file, or null where it cannot read it. */
function perfScript(path: string, options: string[] = []): Line[] | null {
  const fields = ["-F", "comm,pid,tid,time,period,event,ip", "--ns", ...options];
  const { code, stdout, stderr } = new Deno.Command("perf", { args: ["script", "-i", path, ...fields] }).outputSync();
  if (code !== 0 || /incompatible file|failed to process|bad event header/.test(new TextDecoder().decode(stderr))) {
    return null;
  }
  const lines: (Omit<Line, "chain"> & { chain: string[] })[] = [];
  for (const text of new TextDecoder().decode(stdout).split("\n")) {
    const head = /^\s*(\S.*?)\s+(-?\d+\/-?\d+)\s+(\d+\.\d+):\s+(\d+)\s+(\S+):\s*([0-9a-f]*)(?: .*)?\s*$/.exec(text);
    if (head) {
      const [, comm, ids, time, period, event, ip] = head;
      lines.push({ comm, ids, time, period: Number(period), event, chain: ip === "" ? [] : [ip] });
      continue;
    }
    // Of a pipe it prints names too, whatever is asked for.
    const frame = /^\s+([0-9a-f]+)(?: .*)?$/.exec(text);
    if (frame) lines.at(-1)!.chain.push(frame[1]);
  }
  return lines;
}

/** Samples of each event by the file that their leaf lies in, as `perf report` counts them; null where it cannot read. */
function perfReport(path: string): Record<string, number>[] | null {
  const how = ["--sort", "dso", "-n", "--no-children", "-g", "none", "--no-branch-stack", "--stdio", "-q", "-t", "\t"];
  const { code, stdout } = new Deno.Command("perf", { args: ["report", "-i", path, ...how] }).outputSync();
  if (code !== 0) return null;
  const events: Record<string, number>[] = [];
  let inEvent = false;
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [share, samples, dso] = line.split("\t").map((c) => c.trim());
    if (dso !== undefined && /%$/.test(share)) {
      if (!inEvent) events.push({});
      events[events.length - 1][dso] = Number(samples);
    }
    inEvent = dso !== undefined;
  }
  return events.length > 0 ? events : null;
}

/** The same of a profile: a file has its name without the folder, what lies nowhere is `[unknown]`. */
function byFile({ sampleTypes, stacks, frames }: Profile): Record<string, number>[] {
  return sampleTypes.flatMap((_, i) => {
    if (i % 2 === 1) return [];
    const counts: Record<string, number> = {};
    for (const s of stacks) {
      const { module } = frames[s.frames[s.frames.length - 1]];
      const dso = module === "" ? "[unknown]" : module.slice(module.lastIndexOf("/") + 1);
      if (s.values[i] > 0) counts[dso] = (counts[dso] ?? 0) + s.values[i];
    }
    return Object.keys(counts).length > 0 ? [counts] : [];
  });
}

function hasPerf(): boolean {
  try {
    return new Deno.Command("perf", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    skip("perf (Debian: linux-perf) is not installed");
    return false;
  }
}

/**
 * Without the modifiers of events, which perf versions print differently. Of user addresses perf prints the place in the
 * file where it knows the mapping: the part within a page is the same.
 */
function comparable(lines: readonly Line[]): string[] {
  const place = (address: string): string =>
    /^ffff[89a-f]/.test(address) ? address : address.slice(-3).padStart(3, "0");
  return lines.map((l) =>
    JSON.stringify([l.comm, l.ids, l.time, l.period, l.event.replace(/:[a-zA-Z]*$/, ""), l.chain.map(place)])
  );
}

/**
 * Samples of the files that perf 6.1 cannot read: numbers are those of `perf script` of version 6.12 where that reads
 * them (sleep.data, sleep.compressed.data); of COMPRESSED2 (perf 6.16), those that the file's own statistics give.
 */
const NEWER: Readonly<Record<string, { samples: number; periods: number }>> = {
  "linux-perf-data--sleep.data": { samples: 7, periods: 668601 },
  "linux-perf-data--sleep.compressed.data": { samples: 8, periods: 2201546 },
  "linux-perf-data--fibo.compressed2.pipe.data": { samples: 547, periods: NaN },
  "linux-perf-data--sleep.compressed2.pipe.data": { samples: 7, periods: 4949523 },
};

Deno.test("perf.data of other machines: every sample is as perf script shows it", async (t) => {
  if (!hasPerf()) return;
  for (const { name, bytes } of fixtures()) {
    await t.step(name, async () => {
      assert.equal((await sniffFormat(bytes.subarray(0, 65536), "x"))?.name, "perf-data");
      const whole = ours(bytes);
      const { lines, notes } = whole;
      assert.deepEqual(ours(bytes, 997), whole);
      if (name.includes("corrupted")) {
        assert.equal(lines.length, 0);
        assert.match(notes.join(), /damaged at byte \d+ \(a record of 0 bytes\)/);
        return;
      }
      const theirs = perfScript(new URL(name, FIXTURES).pathname);
      if (theirs === null) {
        const expected = NEWER[name];
        assert.ok(expected, `perf cannot read ${name}, and no numbers are known`);
        assert.equal(lines.length, expected.samples);
        const periods = lines.reduce((sum, l) => sum + l.period, 0);
        if (expected.periods === expected.periods) assert.equal(periods, expected.periods);
        return;
      }
      assert.deepEqual(comparable(lines), comparable(theirs));
      const reader = perfDataReader();
      reader.push(bytes);
      assert.deepEqual(byFile(reader.end()), perfReport(new URL(name, FIXTURES).pathname) ?? []);
    });
  }
});

const WORK = `
volatile long x;
__attribute__((noinline)) void leaf(int n) { for (int i = 0; i < n; i++) x += i; }
__attribute__((noinline)) void middle(int n) { leaf(n); x++; }
int main(void) { for (int i = 0; i < 800; i++) middle(100000); return 0; }
`;

Deno.test("perf.data recorded here agrees with perf script sample by sample, and has its names", async (t) => {
  if (!hasPerf()) return;
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/work.c`, WORK);
    const gcc = ["-O1", "-g", "-fno-omit-frame-pointer", "-o", `${dir}/work`, `${dir}/work.c`];
    try {
      if (!new Deno.Command("gcc", { args: gcc }).outputSync().success) return skip("gcc cannot compile");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return skip("gcc is not installed");
    }
    const cases: [string, string[]][] = [
      ["-g", ["-g"]],
      ["-g -z", ["-g", "-z"]],
      ["pipe", ["-g", "-o", "-"]],
      ["--call-graph dwarf", ["--call-graph", "dwarf,4096"]],
      ["two events, -d -W --sample-cpu", ["-e", "task-clock", "-d", "-W", "--sample-cpu"]],
      ["a group read by its leader", ["-e", "{cpu-clock,page-faults}:S"]],
    ];
    for (const [name, options] of cases) {
      await t.step(name, () => {
        const path = `${dir}/perf.data`;
        const piped = options.includes("-o");
        const args = ["record", "-q", "-e", "cpu-clock", "-F", "999", ...(piped ? [] : ["-o", path]), ...options];
        const run = new Deno.Command("perf", { args: [...args, "--", `${dir}/work`] }).outputSync();
        if (!run.success) return skip(`perf record ${name}: ${new TextDecoder().decode(run.stderr).split("\n")[0]}`);
        if (piped) Deno.writeFileSync(path, run.stdout);
        const bytes = Deno.readFileSync(path);
        const dwarf = name.includes("dwarf");
        const theirs = perfScript(path, dwarf ? ["-G"] : [])!;
        assert.ok(theirs.length > 20, "samples");
        const { lines } = ours(bytes);
        if (dwarf) {
          // perf shows the leaf alone: of the copy's stacks below, the names are compared.
          const leaf = (l: Line): string => JSON.stringify([l.comm, l.ids, l.time, l.period]);
          assert.deepEqual(lines.map(leaf), theirs.map(leaf));
        } else assert.deepEqual(comparable(lines), comparable(theirs));

        const reader = perfDataReader({ host: openHost(), timeline: true });
        reader.push(bytes);
        const profile = reader.end();
        assert.equal(profile.quality.events, theirs.length);
        // It counts the leader's samples for its group.
        if (!name.includes("group")) assert.deepEqual(byFile(profile), perfReport(path));
        assert.equal(profile.timeline!.timeNs.length, theirs.length);
        const stacks = profile.stacks.map((s) => ({ s, names: s.frames.map((f) => profile.frames[f].function) }));
        const hot = stacks.filter(({ names }) => names.includes("leaf"));
        assert.ok(hot.reduce((n, { s }) => n + s.values[0], 0) > theirs.length * 0.3, "leaf is hot");
        if (/-g|dwarf|pipe/.test(name)) {
          // A function that sets up no frame hides its caller from frame pointers.
          const whole = hot.filter(({ names }) =>
            (dwarf ? /main;middle;leaf/ : /main;(middle;)?leaf/).test(names.join(";"))
          );
          assert.ok(whole.reduce((n, { s }) => n + s.values[0], 0) > theirs.length * 0.3, "with its callers");
        }
        if (dwarf) {
          const rooted = hot.filter(({ names }) => names[0] === "_start").reduce((n, { s }) => n + s.values[0], 0);
          assert.equal(rooted, hot.reduce((n, { s }) => n + s.values[0], 0));
        }
      });
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("perf.data: chains that frame pointers lose are counted, those that reach the root are not", () => {
  if (!hasPerf()) return;
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/work.c`, WORK);
    for (const pointers of ["-fno-omit-frame-pointer", "-fomit-frame-pointer"]) {
      const gcc = ["-O1", pointers, "-mno-omit-leaf-frame-pointer", "-o", `${dir}/work`, `${dir}/work.c`];
      try {
        if (!new Deno.Command("gcc", { args: gcc }).outputSync().success) return skip("gcc cannot compile");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return skip("gcc is not installed");
      }
      const args = ["record", "-q", "-g", "-e", "cpu-clock:u", "-F", "999", "-o", `${dir}/p`, "--", `${dir}/work`];
      const run = new Deno.Command("perf", { args }).outputSync();
      if (!run.success) return skip(`perf record: ${new TextDecoder().decode(run.stderr).split("\n")[0]}`);
      const reader = perfDataReader({ host: openHost() });
      reader.push(Deno.readFileSync(`${dir}/p`));
      const { stacks, frames, quality } = reader.end();
      const hot = stacks.map((s) => ({ n: s.values[0], names: s.frames.map((f) => frames[f].function) }))
        .filter(({ names }) => names.at(-1) === "leaf");
      const all = hot.reduce((n, s) => n + s.n, 0);
      const lost = hot.filter(({ names }) => !names.includes("main")).reduce((n, s) => n + s.n, 0);
      const others = quality.events - all;
      assert.ok(all > 20, "leaf is hot");
      if (pointers === "-fomit-frame-pointer") assert.equal(lost, all);
      else assert.ok(lost < all / 10, `${lost} of ${all}`);
      assert.ok(quality.unwind_failures >= lost && quality.unwind_failures <= lost + others, JSON.stringify(quality));
      assert.equal(quality.unwind_failures_by.frame_pointer ?? 0, quality.unwind_failures);
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("perf.data: files without a machine have addresses without names, and say how many", () => {
  for (const { name, bytes } of fixtures()) {
    if (!name.includes("callgraph")) continue;
    const reader = perfDataReader();
    reader.push(bytes);
    const { quality, frames } = reader.end();
    assert.equal(quality.events, 1768);
    assert.match(quality.notes.join(), /\d+ addresses of the kernel have no names/);
    assert.ok(frames.some((f) => f.module.endsWith("/chrome")));
    // Nothing says of a function without a name whether it is a program's first.
    assert.match(quality.notes.join(), /Of \d+ samples nothing tells whether their stacks are complete/);
  }
});

Deno.test("perf.data: big-endian files, those of 2009 and other files are refused in words", () => {
  const refuse = (bytes: Uint8Array, message: RegExp): void => {
    const reader = perfDataReader();
    assert.throws(() => {
      reader.push(bytes);
      reader.end();
    }, (e) => e instanceof FormatError && message.test(e.message));
  };
  const head = (magic: string): Uint8Array => Uint8Array.from({ length: 104 }, (_, i) => magic.charCodeAt(i) || 0);
  refuse(head("2ELIFREP"), /big-endian/);
  refuse(head("PERFFILE"), /version 1/);
  refuse(head("PERFILE3"), /not perf.data/);
  refuse(head("PERFILE2").subarray(0, 12), /ends before/);
  refuse(new Uint8Array(0), /ends before/);
});

Deno.test("perf.data: damaged files give a FormatError or a profile, never another error or a hang", () => {
  const files = fixtures().map((f) => f.bytes);
  if (files.length === 0) return;
  let x = 4711;
  const pick = (n: number): number => {
    x = Math.imul(x ^ x >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((x ^ x >>> 13) >>> 0) % n;
  };
  const seen = { read: 0, refused: 0 };
  // The head and what comes first decide most: damage falls there half of the time. Large files are cut, to be quick.
  for (let i = 0; i < 3_000 * SCALE; i++) {
    const from = files[i % files.length];
    const length = Math.min(from.length, pick(8) === 0 ? pick(from.length) + 1 : 8_000);
    const bytes = from.slice(0, length);
    for (let n = pick(5); n >= 0; n--) {
      const at = pick(2) === 0 ? pick(Math.min(1024, length)) : pick(length);
      bytes[at] = pick(3) === 0 ? 255 : pick(256);
    }
    const reader = perfDataReader();
    try {
      reader.push(bytes);
      reader.end();
      seen.read++;
    } catch (error) {
      assert.ok(error instanceof FormatError, `${error} ${(error as Error).stack}`);
      seen.refused++;
    }
  }
  assert.ok(seen.read > 0 && seen.refused > 0, JSON.stringify(seen));
});
