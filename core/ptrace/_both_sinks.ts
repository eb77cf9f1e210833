import type { CallSink } from "./_call_sink.ts";

/** Hands everything to two sinks. */
export function bothSinks(a: CallSink, b: CallSink): CallSink {
  return {
    entry: (t) => {
      a.entry(t);
      b.entry(t);
    },
    exit: (t, systemNs) => {
      a.exit(t, systemNs);
      b.exit(t, systemNs);
    },
    signal: (t, signal, info) => {
      a.signal(t, signal, info);
      b.signal(t, signal, info);
    },
    stopped: (t, signal) => {
      a.stopped(t, signal);
      b.stopped(t, signal);
    },
    ended: (t, code, signal, dumped) => {
      a.ended(t, code, signal, dumped);
      b.ended(t, code, signal, dumped);
    },
    superseded: (t, by) => {
      a.superseded(t, by);
      b.superseded(t, by);
    },
    end: () => {
      a.end();
      b.end();
    },
    note: (text) => {
      a.note(text);
      b.note(text);
    },
  };
}
