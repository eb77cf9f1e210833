import { bpf, bytesAddress, cString, type Fd, ownFd, SysError } from "../../core/sys/mod.ts";
import { CMD, objectName, PROG_TYPE } from "./commands.ts";
import { summarizeVerifierLog, VerifierError } from "./verifier_error.ts";

/** A program to load. */
export interface ProgramImage {
  readonly name: string;
  readonly type: keyof typeof PROG_TYPE;
  /** Instructions, maps linked in. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** For kinds that are told when they are loaded: one of {@linkcode ATTACH_TYPE}. */
  readonly attachType?: number;
  /** For `tracing` programs: the type id of what they attach to, in the kernel's BTF or in that of a descriptor. */
  readonly attachBtfId?: number;
  readonly attachBtfFd?: number;
}

const LOG_BYTES = 1 << 20;
// Helpers that read the kernel's memory are for programs under the GPL only; what we generate and load is.
const LICENSE = cString("GPL");

/**
 * Loads a program. When the verifier refuses, it is asked again for its reasons.
 *
 * @throws {VerifierError} when the verifier refuses the program
 * @throws {SysError} when loading is refused for another reason
 */
export function loadProgram(image: ProgramImage): Fd {
  const fd = load(image, null);
  if (fd >= 0) return ownFd(fd);
  const log = new Uint8Array(new ArrayBuffer(LOG_BYTES));
  const again = load(image, log);
  if (again >= 0) return ownFd(again); // the first refusal was a passing one (EAGAIN, memory)
  const text = new TextDecoder().decode(log.subarray(0, Math.max(0, log.indexOf(0)))).trim();
  if (text !== "") throw new VerifierError(summarizeVerifierLog(text), text, -again);
  throw new SysError("bpf", again, `a ${image.type} program`);
}

function load(image: ProgramImage, log: Uint8Array<ArrayBuffer> | null): number {
  const attr = new Uint8Array(new ArrayBuffer(120));
  const view = new DataView(attr.buffer);
  view.setUint32(0, PROG_TYPE[image.type], true);
  view.setUint32(4, image.code.length / 8, true);
  view.setBigUint64(8, bytesAddress(image.code), true);
  view.setBigUint64(16, bytesAddress(LICENSE), true);
  if (log) {
    view.setUint32(24, 1, true);
    view.setUint32(28, log.byteLength, true);
    view.setBigUint64(32, bytesAddress(log), true);
  }
  attr.set(objectName(image.name), 48);
  view.setUint32(68, image.attachType ?? 0, true);
  view.setUint32(108, image.attachBtfId ?? 0, true);
  view.setUint32(112, image.attachBtfFd ?? 0, true);
  return bpf(CMD.PROG_LOAD, attr, log ? [image.code, LICENSE, log] : [image.code, LICENSE]);
}

/**
 * Runs a raw tracepoint program once, now, as this task.
 *
 * @param args the tracepoint's arguments
 * @param cpu where to run it; by default here
 * @returns what the program returned, 32 bits
 * @throws {SysError} ENOTSUPP or EINVAL where the kernel cannot (before 5.10)
 */
export function testRun(
  program: number,
  args: BigUint64Array<ArrayBuffer> = new BigUint64Array(12),
  cpu: number | null = null,
): number {
  const BPF_F_TEST_RUN_ON_CPU = 1;
  const attr = new Uint8Array(new ArrayBuffer(80));
  const view = new DataView(attr.buffer);
  view.setUint32(0, program, true);
  view.setUint32(40, args.byteLength, true);
  view.setBigUint64(48, bytesAddress(args), true);
  if (cpu !== null) {
    view.setUint32(64, BPF_F_TEST_RUN_ON_CPU, true);
    view.setUint32(68, cpu, true);
  }
  const result = bpf(CMD.PROG_TEST_RUN, attr, [args]);
  if (result < 0) throw new SysError("bpf", result, "a test run");
  return view.getUint32(4, true);
}

/** What the kernel counts about a program. */
export interface ProgramStats {
  /** Nanoseconds it ran; 0 unless statistics are on. */
  readonly runTimeNs: number;
  /** Times it ran; 0 unless statistics are on. */
  readonly runs: number;
  /** Times it was not run because it was running already on that CPU (since 5.12; 0 before). */
  readonly missed: number;
}

/** @throws {SysError} */
export function programStats(program: number): ProgramStats {
  const info = new Uint8Array(new ArrayBuffer(232));
  const attr = new Uint8Array(new ArrayBuffer(16));
  const view = new DataView(attr.buffer);
  view.setUint32(0, program, true);
  view.setUint32(4, info.byteLength, true);
  view.setBigUint64(8, bytesAddress(info), true);
  const result = bpf(CMD.OBJ_GET_INFO_BY_FD, attr, [info]);
  if (result < 0) throw new SysError("bpf", result, "a program's statistics");
  const words = new BigUint64Array(info.buffer, 192, 3);
  return { runTimeNs: Number(words[0]), runs: Number(words[1]), missed: Number(words[2]) };
}

/** Has the kernel measure the run time of all programs while the descriptor is open. @throws {SysError} */
export function enableRunTimeStats(): Fd {
  const attr = new Uint8Array(new ArrayBuffer(8));
  const result = bpf(CMD.ENABLE_STATS, attr);
  if (result < 0) throw new SysError("bpf", result, "run time statistics");
  return ownFd(result);
}
