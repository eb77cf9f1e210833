import { syscallName, syscallNumber } from "../host/mod.ts";
import { CLOCK, clockNs, clockNsBig, errnoName } from "../sys/mod.ts";
import type { BatchWriter } from "./_batch_writer.ts";
import type { CallSink } from "./_call_sink.ts";
import type { Decoder } from "./decode/mod.ts";
import { signalText } from "./_signal_text.ts";
import type { Tracee } from "./_tracee.ts";
import { signalName } from "./signal_name.ts";

/**
 * Writes a JSON object and a line for each call when it has returned, for each signal and for each end:
 *
 * - `{"time_ns", "pid", "tid", "call", "text", "result", "error", "duration_ns"}`: when it began (since 1970, in decimal
 *   digits), the call as strace writes it, what it returned (a number, above 2^53 a text; null when it failed or never returned), the error's
 *   name or null
 * - `{"time_ns", "pid", "tid", "signal", "text"}`
 * - `{"time_ns", "pid", "tid", "exit_code", "killed_by"}`: one of them null
 */
export function jsonSink(out: BatchWriter, decoder: Decoder): CallSink {
  const entries = new Map<number, string>();
  /** What is to be added to CLOCK_MONOTONIC to make it CLOCK_REALTIME. */
  const offset = clockNsBig(CLOCK.REALTIME) - BigInt(clockNs());
  const offsetS = Number(offset / 1_000_000_000n);
  const offsetNs = Number(offset % 1_000_000_000n);
  /** Seconds and nanoseconds apart: together they have more digits than a number. */
  const since1970 = (ns: number): string => {
    const rest = ns % 1e9 + offsetNs;
    const carried = rest >= 1e9 ? 1 : 0;
    return `${offsetS + Math.floor(ns / 1e9) + carried}${String(rest - carried * 1e9).padStart(9, "0")}`;
  };
  const head = (t: Tracee, ns: number): string => `{"time_ns":"${since1970(ns)}","pid":${t.pid},"tid":${t.tid}`;
  const call = (t: Tracee, text: string, result: string, error: string, durationNs: string): void =>
    out.add(
      `${head(t, t.startedNs)},"call":"${syscallName(t.nr)}","text":${JSON.stringify(text)},"result":${result},` +
        `"error":${error},"duration_ns":${durationNs}}\n`,
    );
  const entryOf = (t: Tracee): string => {
    const text = entries.get(t.tid) ?? "";
    entries.delete(t.tid);
    return text;
  };
  return {
    entry: (t) => {
      const text = decoder.entry(t);
      if (NEVER_RETURN.has(t.nr)) call(t, `${text}${decoder.unfinished()}`, "null", "null", "null");
      else entries.set(t.tid, text);
    },
    exit: (t) => {
      const durationNs = clockNs() - t.startedNs;
      const result = t.error !== 0 ? "null" : integer(t.ret[0], t.ret[1]);
      const error = t.error === 0 ? "null" : JSON.stringify(errnoName(t.error));
      call(t, entryOf(t) + decoder.exit(t), result, error, String(durationNs));
    },
    signal: (t, signal, info) =>
      out.add(`${head(t, clockNs())},"signal":"${signalName(signal)}","text":${JSON.stringify(signalText(info))}}\n`),
    stopped: (t, signal) => out.add(`${head(t, clockNs())},"signal":"${signalName(signal)}","text":"stopped"}\n`),
    ended: (t, code, signal) => {
      // What it was in when it was killed.
      const text = entryOf(t);
      if (text !== "") call(t, `${text}${decoder.unfinished()}`, "null", "null", "null");
      decoder.forget(t.tid);
      const killed = signal === 0 ? "null" : `"${signalName(signal)}"`;
      out.add(`${head(t, clockNs())},"exit_code":${signal === 0 ? code : "null"},"killed_by":${killed}}\n`);
    },
    superseded: (t, by) => {
      entries.delete(t.tid);
      const text = entries.get(by);
      if (text !== undefined) entries.set(t.tid, text);
      entries.delete(by);
    },
    end: () => {},
    note: () => {},
  };
}

/** A 64-bit signed word: a number where numbers are exact. */
function integer(lo: number, hi: number): string {
  const high = hi | 0;
  if (high >= -0x20_0000 && high < 0x20_0000) return String(high * 0x1_0000_0000 + lo);
  return `"${BigInt.asIntN(64, BigInt(hi) << 32n | BigInt(lo))}"`;
}

const NEVER_RETURN: ReadonlySet<number> = new Set(
  ["exit", "exit_group"].flatMap((name) => syscallNumber(name) ?? []),
);
