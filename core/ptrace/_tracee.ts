import type { TracedCall } from "./decode/traced_call.ts";

/** A traced thread, with the system call that it is in: the one object that stands for both. */
export interface Tracee extends TracedCall {
  readonly tid: number;
  pid: number;
  nr: number;
  error: number;
  /** Between the entry and the exit of a call. */
  inCall: boolean;
  /** The call is one of those that were asked for. */
  shown: boolean;
  /** A child of ours that has not yet reached the execve that makes it the command. */
  starting: boolean;
  /** The command that we started, or what it has created. */
  own: boolean;
  /** It stopped before its creator's stop told of it. */
  early: boolean;
  /** Has not yet stopped for the first time. */
  fresh: boolean;
  /** It was there before us, and is stopped by our interruption. */
  interrupted: boolean;
  /** It has been told that it makes calls of another architecture, which are not shown. */
  foreign: boolean;
  /** When the call began: CLOCK_MONOTONIC, ns; only where somebody wants to know. */
  startedNs: number;
  /** System CPU time of its process at its last stop, ns; only where somebody wants to know. */
  systemNs: number;
  /** Columns of its line so far. */
  column: number;
  /** Its line was ended by another thread's. */
  unfinished: boolean;
}

/** @param pid process, or 0 where it is not yet known */
export function newTracee(pid: number, tid: number): Tracee {
  return {
    tid,
    pid,
    nr: -1,
    args: new Uint32Array(12),
    ret: new Uint32Array(2),
    error: 0,
    inCall: false,
    shown: false,
    starting: false,
    own: false,
    early: false,
    fresh: true,
    interrupted: false,
    foreign: false,
    startedNs: 0,
    systemNs: 0,
    column: 0,
    unfinished: false,
  };
}
