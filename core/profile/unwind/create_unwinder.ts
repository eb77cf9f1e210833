import type { Host } from "../../host/mod.ts";
import { type CodeMapping, ElfError } from "../../symbols/mod.ts";
import type { UnwindMethod } from "../sampler.ts";
import { AddressSpace } from "./_address_space.ts";
import { UNWIND_ARCHES, type UnwindArch } from "./_arch.ts";
import { readEpilogues } from "./_epilogues.ts";
import { FLAG, KIND, ruleStore } from "./_rules.ts";
import { slowStep } from "./_slow_step.ts";
import { StackCopy } from "./_stack_copy.ts";
import { unwindModules } from "./_unwind_modules.ts";
import type { StackEnd, Unwinder, UserStack } from "./unwinder.ts";

/** How stacks are unwound. */
export interface UnwinderOptions {
  /**
   * `auto` (default): by tables where there are some for an address, else by the frame pointer. `dwarf`: by tables only.
   * `fp`: by the frame pointer only.
   */
  readonly method?: Exclude<UnwindMethod, "lbr">;
  /** The processor of the samples. Default: the one that we run on. */
  readonly arch?: keyof typeof UNWIND_ARCHES;
  /** Most frames of a stack, 1–65536. Default: 1024, more than fits into 16 KiB. */
  readonly maxFrames?: number;
}

/** A frame farther above the stack pointer than this lies on another stack. */
const MAX_STACK_BYTES = 64 << 20;

/** Operations of DWARF expressions that a stack may take; a signal frame takes 60. */
const MAX_OPERATIONS = 20_000;

/** Most mappings of processes that are kept prepared. */
const MAX_SPACES = 4096;

/**
 * Makes an unwinder of user stacks, for programs of one processor.
 *
 * @example
 * ```ts ignore
 * const unwinder = createUnwinder(openHost());
 * const stack = unwinder.unwind(pid, codeMappings(host.maps(pid)), { registers, stack: words, at: 0, bytes: 16384 });
 * if (stack.end !== "root") failures[stack.end]++;
 * ```
 */
export function createUnwinder(host: Host, options: UnwinderOptions = {}): Unwinder {
  const arch: UnwindArch = UNWIND_ARCHES[options.arch ?? Deno.build.arch];
  const method = options.method ?? "auto";
  const maxFrames = options.maxFrames ?? 1024;
  const store = ruleStore(arch);
  const modules = unwindModules(host, arch, store);
  const epilogues = readEpilogues(host);
  let spaces = new WeakMap<readonly CodeMapping[], AddressSpace>();
  let space: AddressSpace | null = null;
  let prepared = 0;

  const { pc: PC, sp: SP, fp: FP, link: LINK } = arch;
  const SIGNED = arch.signed;
  const regs = new Float64Array(arch.registers);
  const callee = new Float64Array(arch.registers);
  const copy = new StackCopy();
  const budget = { operations: 0 };
  const out: UserStack = {
    addresses: new Float64Array(maxFrames),
    exact: new Uint8Array(maxFrames),
    length: 0,
    end: "root",
  };

  const spaceOf = (pid: number, mappings: readonly CodeMapping[]): AddressSpace => {
    if (space !== null && space.mappings === mappings) return space;
    let found = spaces.get(mappings);
    if (!found) {
      if (++prepared > MAX_SPACES) {
        spaces = new WeakMap();
        prepared = 0;
      }
      spaces.set(mappings, found = new AddressSpace(pid, mappings, modules));
    }
    return space = found;
  };

  /** Why what was asked for of the stack could not be read. */
  const whyNot = (): StackEnd => {
    if (copy.missed !== copy.missed) return "unknown_register";
    const offset = copy.missed - copy.start;
    return offset >= 0 && offset < MAX_STACK_BYTES ? "copy_too_short" : "other_stack";
  };

  /** Goes to the caller by the frame pointer. @returns null, or why it cannot: `otherwise` when it leads nowhere */
  const byFramePointer = (otherwise: StackEnd, leaf: boolean): StackEnd | null => {
    const fp = regs[FP];
    // The outermost frame's is 0 by convention (System V ABI); in a leaf that may as well be any variable's value.
    if (fp === 0 && !leaf) return "root";
    if (!(fp >= regs[SP]) || fp % 8 !== 0 || fp - regs[SP] > MAX_STACK_BYTES) return otherwise;
    const saved = copy.load(fp);
    const ra = copy.loadCode(fp + 8, SIGNED);
    if (ra !== ra) return "copy_too_short";
    if (ra === 0) return "root";
    if (!space!.has(ra - 1)) return otherwise;
    regs[FP] = saved;
    regs[SP] = fp + 16;
    regs[PC] = ra;
    return null;
  };

  /** Goes to the caller of code that is not there: what jumped to it was a call that pushed its return address. */
  const fromNowhere = (): boolean => {
    const ra = LINK >= 0 ? regs[LINK] : copy.load(regs[SP]);
    if (!space!.has(ra - 1)) return false;
    if (LINK < 0) regs[SP] += 8;
    regs[PC] = ra;
    return true;
  };

  /** Goes to the caller of a runtime's code whose end, right behind the call, tells the size of its frame. */
  const byEpilogue = (): boolean => {
    const bytes = epilogues.frameBytes(space!.pid, regs[PC]);
    if (bytes < 0) return false;
    const ra = copy.load(regs[SP] + bytes);
    if (!space!.has(ra - 1)) return false;
    regs[SP] += bytes + 8;
    regs[PC] = ra;
    return true;
  };

  const walk = (): StackEnd => {
    const { addresses, exact } = out;
    const current = space!;
    let isExact = 1;
    let n = 0;
    for (;;) {
      const pc = regs[PC];
      addresses[n] = pc;
      exact[n] = isExact;
      out.length = ++n;
      if (n === maxFrames) return "depth_limit";
      const rule = method === "fp" ? KIND.NO_TABLE : current.rule(isExact ? pc : pc - 1);
      const words = store.words;
      const head = words[rule];
      const kind = head & 0xff;
      const sp = regs[SP];
      if (kind >= KIND.SIMPLE && kind <= KIND.PLT) {
        let cfa: number;
        if (kind === KIND.PLT) cfa = sp + (pc % 16 >= words[rule + 2] ? 16 : 8);
        else {
          cfa = regs[words[rule + 1]] + words[rule + 2];
          if (kind === KIND.INDIRECT) {
            cfa = copy.load(cfa);
            if (cfa !== cfa) return whyNot();
          }
        }
        let ra: number;
        if (head & FLAG.RA_IN_REGISTER) {
          ra = regs[words[rule + 3]];
          // The link register holds the caller only until the next call.
          if (!isExact && cfa === sp) return "no_progress";
        } else {
          ra = copy.loadCode(cfa + words[rule + 3], SIGNED);
          if (ra !== ra) return whyNot();
        }
        if (cfa <= sp && (cfa < sp || LINK < 0) && !(head & FLAG.SIGNAL)) return "no_progress";
        for (let i = rule + 5, end = i + words[rule + 4] * 2; i < end; i += 2) {
          const at = cfa + words[i + 1];
          // Below the stack pointer lies what was popped: tables go on naming the place where the register was saved.
          if (at >= sp) regs[words[i]] = words[i] === LINK ? ra : copy.load(at);
        }
        regs[SP] = cfa;
        regs[PC] = ra;
        isExact = head & FLAG.SIGNAL ? 1 : 0;
        if (isExact) exact[n - 1] = 1;
      } else if (kind === KIND.SLOW) {
        callee.set(regs);
        copy.missed = NaN;
        let cfa: number;
        try {
          cfa = slowStep(store.slow[words[rule + 1]], callee, regs, copy, arch, budget);
        } catch (error) {
          if (error instanceof ElfError) return "bad_table";
          throw error;
        }
        if (LINK >= 0) regs[PC] = regs[LINK];
        if (cfa !== cfa || regs[PC] !== regs[PC]) return whyNot();
        isExact = head & FLAG.SIGNAL ? 1 : 0;
        if (isExact) exact[n - 1] = 1;
        else if (!(regs[SP] > sp || regs[SP] === sp && regs[PC] !== pc && n === 1)) return "no_progress";
      } else if (kind === KIND.ROOT) return "root";
      else if (kind === KIND.SIGRETURN) {
        exact[n - 1] = 1;
        for (const [register, offset] of arch.context) regs[register] = copy.loadCode(sp + offset, register === LINK);
        if (regs[PC] !== regs[PC]) return whyNot();
        isExact = 1;
      } else {
        const why: StackEnd = kind === KIND.ANONYMOUS ? "no_mapping" : kind === KIND.BAD ? "bad_table" : "no_table";
        const lost = isExact && kind === KIND.ANONYMOUS && !current.has(pc);
        if (lost && fromNowhere()) {
          isExact = 0;
          continue;
        }
        if (method === "dwarf") return why;
        if (method === "auto" && LINK < 0 && kind === KIND.ANONYMOUS && !isExact && byEpilogue()) continue;
        const end = byFramePointer(method === "fp" ? "frame_pointer" : why, n === 1);
        if (end !== null) return end;
        isExact = 0;
      }
      // What a signal interrupted may have jumped to 0; a return address of 0 is none.
      if (regs[PC] === 0 && !isExact) return "root";
    }
  };

  return {
    unwind: (pid, mappings, state) => {
      spaceOf(pid, mappings);
      for (let i = 0; i < regs.length; i++) regs[i] = state.registers[i];
      copy.set(state.stack, state.at, regs[SP], state.bytes);
      budget.operations = MAX_OPERATIONS;
      out.length = 0;
      out.end = walk();
      return out;
    },
    prepare: (pid, mapping) => {
      modules.load(pid, mapping);
    },
  };
}
