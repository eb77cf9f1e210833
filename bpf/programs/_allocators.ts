import { UnsupportedError } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { codeMappings } from "../../core/symbols/mod.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { openCodeFiles } from "../probes/code_file.ts";

/** A function of an allocator, in one file. */
export interface AllocatorFunction {
  readonly name: string;
  /** Path by which the kernel finds the file, also of a process in a container. */
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/** What is looked at of an allocator: malloc(3), posix_memalign(3). */
const FUNCTIONS: readonly string[] = [
  ...["malloc", "calloc", "realloc", "reallocarray", "free"],
  ...["memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc"],
];
/** Libraries that have them. Others are not opened: a process can have hundreds. */
const LIBRARIES =
  /^(libc[.-]|libc\.so|ld-musl|libjemalloc|libtcmalloc|libmimalloc|libhoard|libsnmalloc|librpmalloc|lib[at]san)/;

/**
 * The allocator's functions in the files that a process has mapped: of its C library, of a library that takes its place, and
 * of the program itself, which can be linked statically. Each place once.
 *
 * @throws {UnsupportedError} when there are none
 */
export function allocatorFunctions(host: Host, pid: number): AllocatorFunction[] {
  const files = openCodeFiles();
  const root = host.path("pid_root", pid);
  const program = Deno.readLinkSync(host.path("pid_exe", pid));
  const paths = new Set(codeMappings(host.maps(pid)).map((m) => m.path).filter((p) => p.startsWith("/")));
  const found: AllocatorFunction[] = [];
  for (const path of paths) {
    if (path !== program && !LIBRARIES.test(path.slice(path.lastIndexOf("/") + 1))) continue;
    const offsets = new Set<number>();
    try {
      const file = files.open(root + path);
      for (const name of FUNCTIONS) {
        // Two names of one function, and a function of two names.
        for (const offset of file.offsetsOf(name)) {
          if (offsets.has(offset)) continue;
          offsets.add(offset);
          found.push({ name, path: root + path, offset });
        }
      }
    } catch (error) {
      if (!(error instanceof CannotGenerate)) throw error;
    }
  }
  if (!found.some((f) => f.name === "malloc")) {
    throw new UnsupportedError(
      `No allocator was found in the process ${pid}: neither its C library nor the program itself names "malloc"`,
      "A program that is stripped of its names and linked statically cannot be looked into.",
    );
  }
  return found;
}
