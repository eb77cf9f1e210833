import { outputOf } from "./compile_c.ts";

/** The Debian release whose bpftrace is newer than that of Debian 12 (0.17): it has 0.23. */
const SUITE = "trixie";

/** A bpftrace that can be run. */
export interface Oracle {
  readonly version: string;
  readonly command: string;
  /** What stands before bpftrace's own arguments. */
  readonly args: readonly string[];
}

/** What a program of bpftrace said. */
export interface BpftraceResult {
  /** As `0.23.2`. */
  readonly version: string;
  /** Its standard output, our marker taken out: with `json` one object a line. */
  readonly stdout: string;
}

/** How to run it. */
export interface BpftraceOptions {
  /** What it is to see. Started when every probe is attached; when it ends, so does bpftrace. */
  work(): Promise<void>;
  /** `-f json`: see {@linkcode bpftraceMaps}. */
  readonly json?: boolean;
  /** The one in the chroot, when it can be had; else the installed one. */
  readonly newest?: boolean;
}

const MARK = "@@attached";
const oracles = new Map<boolean, Promise<Oracle | null>>();

/**
 * The version of the bpftrace that tests compare with; null when there is none.
 *
 * @param newest makes a chroot of Debian 13 in ~/.cache/sonde-tests on first use (25 s), where debootstrap is installed
 */
export async function bpftraceVersion(newest = false): Promise<string | null> {
  return (await oracle(newest))?.version ?? null;
}

/**
 * How to start the bpftrace that tests compare with, for what {@linkcode bpftraceRun} does not do; null when there is
 * none.
 *
 * @param newest as for {@linkcode bpftraceVersion}
 */
export function bpftraceCommand(newest = false): Promise<Oracle | null> {
  return oracle(newest);
}

/**
 * Runs a program of bpftrace beside a load.
 *
 * bpftrace starts a command of its own (`-c cat`) only after everything is attached, and ends when that ends, printing its
 * maps: a line that comes back from `cat` says "attached", closing its input says "enough".
 *
 * @param program text of bpftrace, without BEGIN, END and exit()
 * @returns null when there is no bpftrace
 * @throws {Error} when bpftrace refuses the program, with what it printed
 */
export async function bpftraceRun(program: string, options: BpftraceOptions): Promise<BpftraceResult | null> {
  const found = await oracle(options.newest ?? false);
  if (!found) return null;
  const child = new Deno.Command(found.command, {
    args: [...found.args, ...(options.json ? ["-f", "json"] : []), "-c", "/bin/cat", "-e", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const messages = new Response(child.stderr).text();
  const writer = child.stdin.getWriter();
  let stdout = "";
  try {
    await writer.write(new TextEncoder().encode(`${MARK}\n`));
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const waiting = !stdout.includes(MARK);
      stdout += text;
      if (waiting && stdout.includes(MARK)) {
        await options.work();
        await writer.close();
      }
    }
  } finally {
    await writer.abort().catch(() => {});
  }
  const { success, code } = await child.status;
  const said = (await messages).trim();
  if (!success || !stdout.includes(MARK)) throw new Error(`bpftrace ${found.version} ended with ${code}: ${said}`);
  // JSON objects stand on lines of their own; between them comes what `cat` echoed.
  return { version: found.version, stdout: stdout.split("\n").filter((l) => !l.includes(MARK)).join("\n") };
}

/** What a map of bpftrace holds: a number, numbers by key, or histograms by key ("" without key). */
export type BpftraceMap =
  | number
  | Readonly<Record<string, number>>
  | Readonly<Record<string, readonly BpftraceBucket[]>>;

/** A bucket of `hist()` or `lhist()`, [min, max] with both ends included; a side without bound is missing. */
export interface BpftraceBucket {
  readonly min?: number;
  readonly max?: number;
  readonly count: number;
}

/** The maps that a program with `json` printed at its end, by name: `@reads`. */
export function bpftraceMaps(stdout: string): Record<string, BpftraceMap> {
  const maps: Record<string, BpftraceMap> = {};
  for (const line of stdout.split("\n")) {
    if (!line.startsWith("{")) continue;
    const { type, data } = JSON.parse(line) as { type: string; data: Record<string, BpftraceMap> };
    if (type === "map" || type === "hist" || type === "lhist" || type === "stats") {
      for (const [name, value] of Object.entries(data)) {
        maps[name] = Array.isArray(value) ? { "": value as BpftraceBucket[] } : value;
      }
    }
  }
  return maps;
}

function oracle(newest: boolean): Promise<Oracle | null> {
  let found = oracles.get(newest);
  if (!found) {
    found = newest ? inChroot().then((c) => c ?? installed()) : installed();
    oracles.set(newest, found);
  }
  return found;
}

async function installed(): Promise<Oracle | null> {
  const text = await outputOf("bpftrace", ["--version"]);
  return text === null ? null : { version: versionOf(text), command: "bpftrace", args: [] };
}

/** bpftrace of a newer Debian over this machine's /proc and /sys; null when that cannot be had. */
async function inChroot(): Promise<Oracle | null> {
  const home = Deno.env.get("HOME");
  if (Deno.uid() !== 0 || !home) return null;
  const cache = `${Deno.env.get("XDG_CACHE_HOME") ?? `${home}/.cache`}/sonde-tests`;
  const root = `${cache}/${SUITE}`;
  await Deno.mkdir(cache, { recursive: true });
  // Built under another name: a folder with the right one is complete. The lock is for tests that run side by side.
  const build = `set -e
    test -d "$0" && exit
    rm -rf "$0.new"
    debootstrap --variant=minbase --include=bpftrace ${SUITE} "$0.new"
    mv "$0.new" "$0"`;
  const args = [`${cache}/${SUITE}.lock`, "sh", "-c", build, root];
  try {
    const made = await new Deno.Command("flock", { args, stdin: "null", stdout: "null", stderr: "piped" }).output();
    if (!made.success) {
      const why = new TextDecoder().decode(made.stderr).trim().split("\n").at(-1);
      console.error(`no bpftrace of Debian ${SUITE}, using the installed one: ${why || "debootstrap failed"}`);
      return null;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  // The mounts are in a namespace of their own: nothing stays, however it ends.
  const enter = 'mount --rbind /proc "$0/proc" && mount --rbind /sys "$0/sys" && exec chroot "$0" bpftrace "$@"';
  const command = ["-m", "--propagation", "private", "sh", "-c", enter, root];
  const text = await outputOf("unshare", [...command, "--version"]);
  return text ? { version: versionOf(text), command: "unshare", args: command } : null;
}

function versionOf(text: string): string {
  return /v?(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? text.trim();
}
