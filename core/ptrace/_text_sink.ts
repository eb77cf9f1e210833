import { syscallName, syscallNumber } from "../host/mod.ts";
import { clockNs } from "../sys/mod.ts";
import type { BatchWriter } from "./_batch_writer.ts";
import type { CallSink } from "./_call_sink.ts";
import { linePrefix, type LineTimes, secondsText } from "./_line_prefix.ts";
import type { Decoder } from "./decode/mod.ts";
import { signalText } from "./_signal_text.ts";
import type { Tracee } from "./_tracee.ts";
import { signalName } from "./signal_name.ts";

/** How lines look. */
export interface TextOptions {
  readonly times: LineTimes;
  /** The time that each call took, behind it. */
  readonly durations: boolean;
  /** Whose line it is: `12345 ` in a file, `[pid 12345] ` among other output while there are several, or nothing. */
  readonly who: "never" | "several" | "always";
  /** How many threads are traced. */
  readonly threads: () => number;
  /** No `+++ exited with 0 +++`. */
  readonly quietExit: boolean;
  /** No `Process 12 attached`. */
  readonly quietNotes: boolean;
  /** Our lines and the command's output go the same way: what stands there is to be written before it writes. */
  readonly interleaved: boolean;
}

/** Writes a line for each call, as strace writes it; `<unfinished ...>` and `resumed` where threads come in between. */
export function textSink(out: BatchWriter, decoder: Decoder, options: TextOptions): CallSink {
  const { durations, who, threads, quietExit, quietNotes, interleaved } = options;
  const time = linePrefix(options.times);
  /** Whose line is begun. */
  let open: Tracee | null = null;

  const begin = (t: Tracee): string => {
    if (open !== null) {
      out.add(" <unfinished ...>\n");
      open.unfinished = true;
      open = null;
    }
    if (who === "always") return `${String(t.tid).padEnd(5)} ${time()}`;
    if (who === "several" && threads() > 1) return `[pid ${String(t.tid).padStart(5)}] ${time()}`;
    return time();
  };
  const line = (t: Tracee, text: string): void => {
    if (open === t) {
      out.add(" <unfinished ...>\n");
      t.unfinished = true;
      open = null;
    }
    out.add(`${begin(t)}${text}\n`);
  };
  return {
    entry: (t) => {
      const text = begin(t) + decoder.entry(t);
      t.unfinished = false;
      if (NEVER_RETURN.has(t.nr)) {
        out.add(`${text}${decoder.unfinished(text.length)}\n`);
      } else {
        t.column = text.length;
        out.add(text);
        open = t;
      }
      if (interleaved && WRITES.has(t.nr)) out.flush();
    },
    exit: (t) => {
      const took = durations ? ` <${secondsText(clockNs() - t.startedNs)}>\n` : "\n";
      if (open === t) {
        open = null;
        out.add(decoder.exit(t, t.column) + took);
        return;
      }
      if (!t.unfinished) return;
      const text = `${begin(t)}<... ${syscallName(t.nr)} resumed>`;
      out.add(text + decoder.exit(t, text.length) + took);
    },
    signal: (t, signal, info) => line(t, `--- ${signalName(signal)} ${signalText(info)} ---`),
    stopped: (t, signal) => line(t, `--- stopped by ${signalName(signal)} ---`),
    ended: (t, code, signal, dumped) => {
      decoder.forget(t.tid);
      if (quietExit) {
        if (open === t) {
          out.add(" <unfinished ...>\n");
          open = null;
        }
        return;
      }
      const how = signal === 0
        ? `exited with ${code}`
        : `killed by ${signalName(signal)}${dumped ? " (core dumped)" : ""}`;
      line(t, `+++ ${how} +++`);
    },
    superseded: (t, by) => line(t, `+++ superseded by execve in pid ${by} +++`),
    end: () => {
      if (open !== null) out.add(" <detached ...>\n");
      open = null;
    },
    note: (text) => {
      if (quietNotes) return;
      if (open !== null) {
        out.add(" <unfinished ...>\n");
        open.unfinished = true;
        open = null;
      }
      out.add(`sonde: ${text}\n`);
    },
  };
}

function numbers(names: string): ReadonlySet<number> {
  return new Set(names.split(" ").flatMap((name) => syscallNumber(name) ?? []));
}

const NEVER_RETURN = numbers("exit exit_group");
/** Calls by which a program's output can reach what our lines are written to. */
const WRITES = numbers(
  "write writev pwrite64 pwritev pwritev2 sendfile splice tee vmsplice copy_file_range sendto sendmsg sendmmsg io_uring_enter execve execveat exit_group ioctl",
);
