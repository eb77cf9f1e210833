import type { FrameKind } from "../../../data/mod.ts";

/** What a frame is taken for that says nothing: pprof knows no kinds. */
export function kindOfModule(module: string): FrameKind {
  return /^\[(guest\.)?kernel|^\[(?!vdso|anon|vsyscall|stack|heap|perf map|unknown)[a-z0-9_]+\]$|\/vmlinux[^/]*$|\.ko(\.\w+)?$/
      .test(module)
    ? "kernel"
    : "user";
}
