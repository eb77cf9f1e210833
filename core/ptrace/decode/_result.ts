import { errnoName, errnoText } from "../../sys/mod.ts";
import { type Decoding, hex, hex64, sdec64 } from "./_decoding.ts";
import { fdText, signalText } from "./_kinds_scalar.ts";
import { pollFound, selectFound } from "./_kinds_poll.ts";
import { fcntlResult } from "./_kinds_fcntl.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

/** Makes text of what a call returned; not asked when it failed. */
export type ResultKind = (d: Decoding) => string;

/** What stands behind the `= ` of a finished call. */
export function resultText(d: Decoding, kind: ResultKind | undefined): string {
  const { error, ret } = d.call;
  if (error === 0) return kind === undefined ? sdec64(ret[0], ret[1]) : kind(d);
  const restart = error >= ERESTARTSYS ? RESTARTS[error - ERESTARTSYS] : undefined;
  if (restart !== undefined) return restart;
  let text = ERRORS[error];
  if (text === undefined) {
    // What the kernel has no word for, strace shows with its number.
    const name = errnoName(error);
    const words = name.startsWith("errno ") ? `(errno ${error})` : `${name} (${errnoText(error)})`;
    text = `-1 ${words}`;
    if (error < 4096) ERRORS[error] = text;
  }
  return text;
}

/** The kind of a result that the table of calls names. */
export function resultNamed(name: string): ResultKind {
  const kind = RESULTS[name];
  if (kind === undefined) throw new Error(`no kind of result is named ${name}`);
  return kind;
}

const RESULTS: Readonly<Record<string, ResultKind>> = {
  address: (d) => hex64(d.call.ret[0], d.call.ret[1]),
  octal: (d) => {
    const mode = d.call.ret[0];
    return `0${mode.toString(8).padStart(2, "0")}`;
  },
  fd: (d) => fdText(d, d.call.ret[0] | 0),
  poll: pollFound,
  select: selectFound,
  fcntl: fcntlResult,
  // MEMBARRIER_CMD_QUERY answers the commands there are, each a bit.
  membarrier: (d) => {
    const value = d.call.ret[0];
    return d.call.args[0] !== 0 || value === 0
      ? String(value)
      : `${hex(value)} (${flagNamer("membarrier_cmds")(value)})`;
  },
  prctl: (d) => sdec64(d.call.ret[0], d.call.ret[1]),
  signal_taken: (d) => `${d.call.ret[0]} (${signalText(d.call.ret[0])})`,
  sched_policy: (d) => {
    const policy = d.call.ret[0];
    return `${hex(policy)} (${valueNamer("sched_policy")(policy)})`;
  },
};

const ERRORS: (string | undefined)[] = [];
const ERESTARTSYS = 512;
/** include/linux/errno.h: 512 to 516; the kernel uses them between itself and a tracer. */
const RESTARTS: readonly (string | undefined)[] = [
  "? ERESTARTSYS (To be restarted if SA_RESTART is set)",
  "? ERESTARTNOINTR (To be restarted)",
  "? ERESTARTNOHAND (To be restarted if no handler)",
  undefined,
  "? ERESTART_RESTARTBLOCK (Interrupted by signal)",
];
