import { fileURLToPath } from "node:url";
import { type Cgroup, type CgroupLimits, makeCgroup } from "./cgroups.ts";

const PROGRAMS = fileURLToPath(new URL("./programs/", import.meta.url));

/** How a program is started. */
export interface StartOptions {
  readonly args?: readonly string[];
  readonly cgroup?: Cgroup;
  /** The one CPU to run on. */
  readonly cpu?: number;
}

/** Where one load runs: what it builds, starts and makes is gone when the bench is disposed. */
export interface Bench extends AsyncDisposable {
  /** Process ids of what was started, in order. */
  readonly pids: readonly number[];
  /** A directory on the disk that holds the project, not in memory. */
  readonly dir: string;
  /** Builds `programs/SOURCE.c` as a program called `comm`; answers its path. */
  build(source: string, comm: string): Promise<string>;
  /** Builds and starts a program, and waits until it says that it is ready. */
  start(source: string, comm: string, options?: StartOptions): Promise<void>;
  /** Starts an installed command that says nothing; resolves when it has so many children. */
  command(path: string, args: readonly string[], children: number): Promise<void>;
  cgroup(limits: CgroupLimits): Promise<Cgroup>;
  /** Makes a file of random bytes and puts it on the disk. */
  file(name: string, bytes: number): Promise<string>;
  /** Throws when something that was started has ended by itself. */
  check(): void;
}

/** Sets up an empty bench. */
export async function openBench(): Promise<Bench> {
  const dir = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "sonde_case_" });
  const children: { child: Deno.ChildProcess; name: string; ended: boolean }[] = [];
  const cgroups: Cgroup[] = [];
  let closing = false;

  const adopt = (child: Deno.ChildProcess, name: string): { readonly ended: boolean } => {
    const entry = { child, name, ended: false };
    children.push(entry);
    child.status.then(() => entry.ended = true);
    return entry;
  };
  const build = async (source: string, comm: string): Promise<string> => {
    const path = `${dir}/${comm}`;
    const flags = ["-O1", "-fno-omit-frame-pointer", "-g", "-pthread"];
    const gcc = new Deno.Command("gcc", {
      args: [...flags, "-o", path, `${PROGRAMS}${source}.c`],
      stdin: "null",
      stderr: "piped",
    });
    const { success, stderr } = await gcc.output();
    if (!success) throw new Error(`gcc ${source}.c: ${new TextDecoder().decode(stderr)}`);
    return path;
  };

  return {
    dir,
    get pids() {
      return children.map((c) => c.child.pid);
    },
    build,
    async start(source, comm, options = {}): Promise<void> {
      const path = await build(source, comm);
      const child = new Deno.Command(path, {
        args: [...options.args ?? []],
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
        clearEnv: true,
        env: {
          ...(options.cgroup ? { LOAD_CGROUPS: options.cgroup.procs.join(":") } : {}),
          ...(options.cpu === undefined ? {} : { LOAD_CPU: String(options.cpu) }),
        },
      }).spawn();
      adopt(child, comm);
      await readyLine(child, comm);
    },
    async command(path, args, count): Promise<void> {
      const child = new Deno.Command(path, { args: [...args], stdin: "null", stdout: "null", stderr: "null" }).spawn();
      const entry = adopt(child, path);
      while ((await childrenOf(child.pid)) < count) {
        if (entry.ended) throw new Error(`${path} ended before it was ready`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async cgroup(limits): Promise<Cgroup> {
      const cgroup = await makeCgroup(limits);
      cgroups.push(cgroup);
      return cgroup;
    },
    async file(name, bytes): Promise<string> {
      const path = `${dir}/${name}`;
      using file = await Deno.open(path, { write: true, create: true });
      const chunk = new Uint8Array(1 << 20);
      for (let i = 0; i < chunk.length; i += 65536) crypto.getRandomValues(chunk.subarray(i, i + 65536));
      for (let done = 0; done < bytes;) {
        done += await file.write(chunk.subarray(0, Math.min(chunk.length, bytes - done)));
      }
      await file.sync();
      return path;
    },
    check(): void {
      const gone = children.find((c) => c.ended);
      if (gone && !closing) throw new Error(`${gone.name} has ended by itself`);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      closing = true;
      for (const { child, ended } of children.toReversed()) if (!ended) kill(child);
      await Promise.all(children.map((c) => c.child.status));
      for (const cgroup of cgroups) await cgroup.remove();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** SIGTERM: stress-ng ends its own children then; ours have no handler. */
function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch (error) {
    // It ended a moment ago.
    if (!(error instanceof TypeError)) throw error;
  }
}

async function childrenOf(pid: number): Promise<number> {
  try {
    return (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).split(" ").filter((p) => p !== "").length;
  } catch (error) {
    // It ended between two looks: the caller sees that itself.
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function readyLine(child: Deno.ChildProcess, name: string): Promise<void> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value !== "ready\n") throw new Error(`${name} did not become ready: ${value ?? "it ended"}`);
}
