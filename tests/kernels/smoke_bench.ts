import { basename } from "node:path";
import type { Bench } from "./smoke_case.ts";

/** A bench that cleans up behind itself. */
export interface OwnedBench extends Bench, Disposable {}

/**
 * Prepares a bench on this machine: a control group of its own, where there is cgroup v2 and we may make one.
 *
 * @param program the compiled workload.c
 */
export function openBench(program: string): OwnedBench {
  const mount = cgroup2Mount();
  const name = `sonde_smoke_${Deno.pid}`;
  const folder = mount && makeDirectory(`${mount}/${name}`);
  return {
    program,
    comm: basename(program),
    cgroup: folder ? `/${name}` : null,
    cgroupFolder: folder,
    load: (action, count) => run(program, [action, String(count)]),
    // The shell moves itself, and becomes the program: not one event of it happens outside.
    loadInCgroup: (action, count) =>
      run("/bin/sh", [
        "-c",
        'echo $$ > "$0/cgroup.procs" && exec "$1" "$2" "$3"',
        folder!,
        program,
        action,
        `${count}`,
      ]),
    [Symbol.dispose](): void {
      if (folder) Deno.removeSync(folder);
    },
  };
}

/** Where cgroup v2 is mounted; null when it is not. */
function cgroup2Mount(): string | null {
  const line = Deno.readTextFileSync("/proc/self/mounts").split("\n").find((l) => l.split(" ")[2] === "cgroup2");
  return line?.split(" ")[1] ?? null;
}

function makeDirectory(path: string): string | null {
  try {
    Deno.mkdirSync(path);
    return path;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, code, signal, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const text = new TextDecoder().decode(stderr).trim();
  throw new Error(`${command} ${args.join(" ")} ended with ${signal ?? code}: ${text || "it printed nothing"}`);
}
