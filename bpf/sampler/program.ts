import { Assembler, HELPER, type Insn } from "../asm/mod.ts";

/** What the program filters by and reads. */
export interface SamplerProgram {
  readonly kernel: boolean;
  readonly user: boolean;
  /** Samples of this process are counted apart and are not in the result; null counts them like others. */
  readonly selfTgid: number | null;
  /** Only tasks below this cgroup of version 2: its number, and how deep it lies below the root (0 is the root). */
  readonly cgroup: { readonly id: number; readonly level: number } | null;
  /** Where `task_struct.self_exec_id` lies, in bytes; null when not known. */
  readonly execIdOffset: number | null;
}

/** Names of the maps that {@linkcode samplerProgram} uses. */
export const SAMPLER_MAP = {
  counts: "counts",
  stacks: "stacks",
  seen: "seen",
  counters: "counters",
  ring: "ring",
} as const;

/**
 * The key of `counts`: `u32 tgid, u32 exec id, s32 kernel stack, s32 user stack, char comm[16]`. The first two are the
 * key of `seen`.
 */
export const KEY = { TGID: 0, EXEC: 4, KERNEL: 8, USER: 12, COMM: 16, BYTES: 32, SEEN_BYTES: 8 } as const;

/** `PERF_MAX_STACK_DEPTH`: 64-bit addresses in a stack. */
export const MAX_FRAMES = 127;

/**
 * A record of `ring`: a key whose numbers of stacks are the bytes of both, negative for none; then the kernel's stack,
 * then the user's, each with room for {@linkcode MAX_FRAMES}.
 */
export const SPILL = { STACKS: 32, STACK_BYTES: MAX_FRAMES * 8, BYTES: 32 + 2 * MAX_FRAMES * 8 } as const;

/** Indexes of the 64-bit words of the entry of `counters`. */
export const COUNTER = { OWN: 0, RING_FULL: 1 } as const;

const EFAULT = 14;
/** BPF_F_USER_STACK of bpf_get_stackid (include/uapi/linux/bpf.h). */
const USER_STACK = 1 << 8;
/** BPF_RB_NO_WAKEUP. */
const NO_WAKEUP = 1;

/**
 * A program for perf events that counts samples by who ran and on which stacks, in the kernel. Idle is left out. A stack
 * that finds its place in the map taken by another, or no room in a map, is written into a ring instead, with all of its
 * addresses: that is dear and seldom.
 */
export function samplerProgram(options: SamplerProgram): readonly Insn[] {
  const a = new Assembler();
  const out = a.label("out");
  const key = -KEY.BYTES;
  const count = (index: number): void => {
    // r1 = &counters[0]; the entry of an array is always there, but the verifier wants to see it looked at.
    a.storeImm(4, 10, key - 8, 0).map(1, SAMPLER_MAP.counters).movReg(2, 10).alu("add", 2, key - 8)
      .call(HELPER.map_lookup_elem).jump("eq", 0, 0, out)
      .load(8, 1, 0, index * 8).alu("add", 1, 1).store(8, 0, index * 8, 1).goto(out);
  };

  a.movReg(6, 1).call(HELPER.get_current_pid_tgid).jump("eq", 0, 0, out).movReg(7, 0).alu("rsh", 7, 32);
  if (options.selfTgid !== null) {
    const others = a.label("others");
    a.jump("ne", 7, options.selfTgid, others);
    count(COUNTER.OWN);
    a.mark(others);
  }
  if (options.cgroup) {
    a.constant(1, options.cgroup.level).call(HELPER.get_current_ancestor_cgroup_id)
      .constant(1, options.cgroup.id).jump("ne", 0, { r: 1 }, out);
  }
  a.store(4, 10, key + KEY.TGID, 7).storeImm(4, 10, key + KEY.EXEC, 0);
  if (options.execIdOffset !== null) {
    a.call(HELPER.get_current_task).movReg(3, 0).alu("add", 3, options.execIdOffset).constant(2, 4)
      .movReg(1, 10).alu("add", 1, key + KEY.EXEC).call(HELPER.probe_read_kernel);
  }
  const spill = a.label("spill");
  const takeStack = (wanted: boolean, at: number, flags: number): void => {
    if (!wanted) return void a.storeImm(4, 10, key + at, -1);
    const there = a.label("there");
    a.movReg(1, 6).map(2, SAMPLER_MAP.stacks).constant(3, flags).call(HELPER.get_stackid).jump("sge", 0, 0, there)
      // EFAULT: code of this kind was not running, or the task has none. Others: another stack is in its place.
      .jump("ne", 0, -EFAULT, spill).constant(0, -1)
      .mark(there).store(4, 10, key + at, 0);
  };
  const comm = (): void =>
    void a.movReg(1, 10).alu("add", 1, key + KEY.COMM).constant(2, 16).call(HELPER.get_current_comm);
  takeStack(options.kernel, KEY.KERNEL, 0);
  takeStack(options.user, KEY.USER, USER_STACK);
  comm();

  const [fresh, first] = [a.label("fresh"), a.label("first")];
  a.map(1, SAMPLER_MAP.counts).movReg(2, 10).alu("add", 2, key).call(HELPER.map_lookup_elem).jump("eq", 0, 0, fresh)
    .load(8, 1, 0, 0).alu("add", 1, 1).store(8, 0, 0, 1).goto(out)
    .mark(fresh).constant(1, 1).store(8, 10, key - 8, 1)
    .map(1, SAMPLER_MAP.counts).movReg(2, 10).alu("add", 2, key).movReg(3, 10).alu("add", 3, key - 8).constant(4, 0)
    .call(HELPER.map_update_elem).jump("eq", 0, 0, first);

  a.mark(spill);
  comm();
  const [reserved, lost] = [a.label("reserved"), a.label("lost")];
  a.map(1, SAMPLER_MAP.ring).constant(2, SPILL.BYTES).constant(3, 0).call(HELPER.ringbuf_reserve)
    .jump("ne", 0, 0, reserved).goto(lost)
    .mark(reserved).movReg(8, 0);
  for (const at of [KEY.TGID, KEY.COMM, KEY.COMM + 8]) a.load(8, 1, 10, key + at).store(8, 8, at, 1);
  const copyStack = (wanted: boolean, at: number, index: number, flags: number): void => {
    if (!wanted) return void a.storeImm(4, 8, at, -1);
    a.movReg(1, 6).movReg(2, 8).alu("add", 2, SPILL.STACKS + index * SPILL.STACK_BYTES).constant(3, SPILL.STACK_BYTES)
      .constant(4, flags).call(HELPER.get_stack).store(4, 8, at, 0);
  };
  copyStack(options.kernel, KEY.KERNEL, 0, 0);
  copyStack(options.user, KEY.USER, 1, USER_STACK);
  // The reader looks from time to time, so nobody has to be woken.
  a.movReg(1, 8).constant(2, NO_WAKEUP).call(HELPER.ringbuf_submit);

  // Of a process that was not sampled yet, the reader wants to look at the mappings while it is there.
  a.mark(first).constant(1, 1).store(8, 10, key - 8, 1)
    .map(1, SAMPLER_MAP.seen).movReg(2, 10).alu("add", 2, key).call(HELPER.map_lookup_elem).jump("ne", 0, 0, out)
    .map(1, SAMPLER_MAP.seen).movReg(2, 10).alu("add", 2, key).movReg(3, 10).alu("add", 3, key - 8).constant(4, 0)
    .call(HELPER.map_update_elem).goto(out)
    .mark(lost);
  count(COUNTER.RING_FULL);
  a.mark(out).constant(0, 0).exit();
  return a.insns;
}
