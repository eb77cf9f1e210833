import type { Profile } from "../../core/data/mod.ts";
import { parseJitName } from "../../core/symbols/mod.ts";

/** Stacks of user code by what their ends say, whoever unwound them. */
export interface Stacks {
  readonly samples: number;
  /** Those whose outermost frames are those of a thread's start. */
  readonly complete: number;
  /** Self samples by name of function. */
  readonly self: ReadonlyMap<string, number>;
}

/** One stack: names and modules, root first, and how often it was seen. */
export interface NamedStack {
  readonly frames: readonly { readonly name: string; readonly module: string }[];
  readonly count: number;
}

/**
 * Counts stacks. The outermost frame is `_start` or the C library's first function of a thread; where the program or the
 * library is stripped, it has no name: then its caller's place tells, next to `__libc_start_main`, or in the library.
 */
export function countStacks(stacks: readonly NamedStack[]): Stacks {
  const self = new Map<string, number>();
  let samples = 0, complete = 0;
  for (const { frames, count } of stacks) {
    if (frames.length === 0) continue;
    samples += count;
    const leaf = plainName(frames[frames.length - 1].name);
    self.set(leaf, (self.get(leaf) ?? 0) + count);
    const outer = frames.slice(0, 2);
    const named = outer.some((f) => START.test(f.name));
    const inLibrary = /^\[unknown\]$/.test(outer[0].name) && /\/(libc[.-]|ld-)/.test(outer[0].module);
    if (named || (inLibrary && frames.length > 2)) complete += count;
  }
  return { samples, complete, self };
}

/** Stacks of a profile, as {@linkcode countStacks} wants them: user frames only, without what was inlined. */
export function profileStacks(profile: Profile): NamedStack[] {
  return profile.stacks.map((s) => ({
    frames: s.frames.map((i) => profile.frames[i]).filter((f) => f.kind !== "kernel" && f.kind !== "inlined")
      .map((f) => ({ name: f.function, module: f.module })),
    count: s.values[0],
  }));
}

/** What `perf script -F ip,sym,dso` printed. */
export function perfScriptStacks(text: string): NamedStack[] {
  return text.split("\n\n").flatMap((block) => {
    const frames = [...block.matchAll(/^\s*[0-9a-f]+ (.+?) \(([^()]*(?:\(deleted\))?)\)$/gm)]
      .map(([, name, module]) => ({ name, module }))
      .filter((f) => !/kernel\.kallsyms|^\[k/.test(f.module)).reverse();
    return frames.length > 0 ? [{ frames, count: 1 }] : [];
  });
}

/** A name without arguments, optimisation tiers and clones, as different tools demangle differently. */
function plainName(raw: string): string {
  const name = /^(JS|LazyCompile|Script|Eval):/.test(raw) ? parseJitName(raw).function : raw;
  return name.replace(/^(unsigned long|void) /, "").replace(/\(.*\)( const)?$/, "").replace(
    /\.(cold|part|constprop|isra).*$/,
    "",
  );
}

const START =
  /^(_start|_dl_start.*|__libc_start_main.*|__libc_start_call_main|__clone3?|clone3?|start_thread|thread_start|__clone_internal)$/;
