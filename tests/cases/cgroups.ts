/** Where the cgroup file systems are mounted by everyone. */
const ROOT = "/sys/fs/cgroup";
const PREFIX = "sonde_case_";

/** What a cgroup allows. */
export interface CgroupLimits {
  /** Bytes. */
  readonly memory?: number;
  /** CPUs: 0.25 is 25 ms in every 100 ms. */
  readonly cpus?: number;
}

/** A cgroup of ours, over v1 or v2. */
export interface Cgroup {
  /** `cgroup.procs` files; a process joins by writing 0 to each. */
  readonly procs: readonly string[];
  /** Removes it. Its processes must be gone. */
  remove(): Promise<void>;
}

/**
 * Makes a cgroup directly below the root.
 *
 * @throws {Error} when neither version offers the controllers, or without the right to
 */
export async function makeCgroup(limits: CgroupLimits): Promise<Cgroup> {
  const name = `${PREFIX}${Deno.pid}_${crypto.randomUUID().slice(0, 8)}`;
  const controllers = [
    ...(limits.memory === undefined ? [] : ["memory"]),
    ...(limits.cpus === undefined ? [] : ["cpu"]),
  ];
  const v2 = (await readOr(`${ROOT}/cgroup.controllers`, "")).split(/\s+/);
  const unified = controllers.every((c) => v2.includes(c));
  const dirs: string[] = [];
  const remove = async (): Promise<void> => {
    for (const dir of dirs) await removeDir(dir);
  };
  try {
    for (const dir of unified ? [`${ROOT}/${name}`] : controllers.map((c) => `${ROOT}/${c}/${name}`)) {
      if (unified) await write(`${ROOT}/cgroup.subtree_control`, controllers.map((c) => `+${c}`).join(" "));
      await Deno.mkdir(dir);
      dirs.push(dir);
    }
    const at = (c: string): string => unified ? dirs[0] : dirs[controllers.indexOf(c)];
    if (limits.memory !== undefined) {
      await write(`${at("memory")}/${unified ? "memory.max" : "memory.limit_in_bytes"}`, String(limits.memory));
    }
    if (limits.cpus !== undefined) {
      const quota = Math.round(limits.cpus * 100_000);
      if (unified) await write(`${at("cpu")}/cpu.max`, `${quota} 100000`);
      else {
        await write(`${at("cpu")}/cpu.cfs_period_us`, "100000");
        await write(`${at("cpu")}/cpu.cfs_quota_us`, String(quota));
      }
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { procs: dirs.map((dir) => `${dir}/cgroup.procs`), remove };
}

/** Removes empty cgroups that runs which were killed have left. */
export async function removeStaleCgroups(): Promise<void> {
  for (const dir of [ROOT, `${ROOT}/memory`, `${ROOT}/cpu`]) {
    let names: string[];
    try {
      names = Array.from(Deno.readDirSync(dir), (e) => e.name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    for (const name of names) {
      const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("_")[0]) : 0;
      if (owner > 0 && owner !== Deno.pid && !await exists(`/proc/${owner}`)) await removeDir(`${dir}/${name}`);
    }
  }
}

/** A cgroup stays busy for a moment after its last process was waited for. */
async function removeDir(dir: string): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      return await Deno.remove(dir);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (attempt === 50) throw new Error(`Cannot remove the cgroup ${dir}: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function readOr(path: string, fallback: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return fallback;
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { create: false });
  } catch (error) {
    throw new Error(`Cannot write "${text}" to ${path}: ${(error as Error).message}`, { cause: error });
  }
}
