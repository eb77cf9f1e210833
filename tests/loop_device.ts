import { output } from "../bpf/testing/run.ts";

/** A disk of a test's own: a loop device over a file of 16 MiB in memory. Disposing it removes both. */
export interface LoopDevice extends Disposable {
  /** `/dev/loop3` */
  readonly path: string;
  /** `loop3` */
  readonly name: string;
  /** Sets its I/O scheduler. @returns false when the kernel does not have it */
  schedule(scheduler: string): boolean;
}

/** Makes one; the reason why not where that does not work. */
export async function loopDevice(): Promise<LoopDevice | string> {
  const file = Deno.makeTempFileSync({ dir: "/dev/shm", prefix: "sonde_disk_" });
  Deno.writeFileSync(file, new Uint8Array(16 << 20).fill(1));
  const made = await output("losetup", ["-f", "--show", file]);
  if (made === null || made.code !== 0) {
    Deno.removeSync(file);
    return made === null ? "losetup is not installed" : `no loop device: ${made.err.trim()}`;
  }
  const path = made.out.trim();
  const name = path.slice("/dev/".length);
  return {
    path,
    name,
    schedule(scheduler): boolean {
      try {
        Deno.writeTextFileSync(`/sys/block/${name}/queue/scheduler`, scheduler);
        return true;
      } catch {
        return false;
      }
    },
    [Symbol.dispose](): void {
      new Deno.Command("losetup", { args: ["-d", path] }).outputSync();
      Deno.removeSync(file);
    },
  };
}
