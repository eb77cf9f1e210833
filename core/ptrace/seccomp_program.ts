/**
 * A seccomp filter (seccomp(2), a program of classic BPF) under which a tracer is told of some system calls, and the rest
 * run as if nobody watched. Calls of another architecture are told as well: their numbers mean something else.
 *
 * @param calls numbers
 * @param auditArch AUDIT_ARCH_… of the machine's own calls (include/uapi/linux/audit.h)
 * @returns `struct sock_filter[]`, 8 bytes each
 */
export function seccompProgram(calls: ReadonlySet<number>, auditArch: number): Uint8Array<ArrayBuffer> {
  /** Where the answer changes, ascending: told from the first on, not from the second on, … */
  const edges: number[] = [];
  for (const nr of [...calls].sort((a, b) => a - b)) {
    if (edges.at(-1) === nr) edges[edges.length - 1] = nr + 1;
    else edges.push(nr, nr + 1);
  }
  // Numbers with this bit are x32's on x86-64, and none elsewhere.
  edges.push(X32_BIT);
  const program: Instruction[] = [
    { code: LOAD_WORD, k: DATA_ARCH },
    { code: JUMP_EQUAL, jt: 1, k: auditArch },
    { code: RETURN, k: RET_TRACE },
    { code: LOAD_WORD, k: DATA_NR },
  ];
  /** Searches the edges from `low` up to `high`, of which those below `low` are known to be at or below the number. */
  const search = (low: number, high: number): void => {
    if (low === high) {
      program.push({ code: RETURN, k: low % 2 === 1 ? RET_TRACE : RET_ALLOW });
      return;
    }
    const middle = (low + high) >> 1;
    program.push({ code: JUMP_GREATER_EQUAL, jt: 0, jf: 1, k: edges[middle] });
    // Conditional jumps reach 255 instructions far; this one any number.
    const over: Instruction = { code: JUMP, k: 0 };
    program.push(over);
    const from = program.length;
    search(low, middle);
    over.k = program.length - from;
    search(middle + 1, high);
  };
  search(0, edges.length);
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jt = 0, jf = 0, k }, i) => {
    view.setUint16(i * 8, code, true);
    bytes[i * 8 + 2] = jt;
    bytes[i * 8 + 3] = jf;
    view.setUint32(i * 8 + 4, k, true);
  });
  return bytes;
}

interface Instruction {
  readonly code: number;
  readonly jt?: number;
  readonly jf?: number;
  k: number;
}

/** Of linux/bpf_common.h: BPF_LD | BPF_W | BPF_ABS and so on. */
const LOAD_WORD = 0x20;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const RETURN = 0x06;
/** Offsets in struct seccomp_data. */
const DATA_NR = 0;
const DATA_ARCH = 4;
const RET_TRACE = 0x7ff0_0000;
const RET_ALLOW = 0x7fff_0000;
const X32_BIT = 0x4000_0000;
