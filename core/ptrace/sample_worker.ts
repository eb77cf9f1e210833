/**
 * The thread that traces: ptrace(2) belongs to one thread, and its calls block. Told what to do by its first message
 * ({@linkcode SampleOrders}), it answers `ready`, then `done` or `failed`.
 *
 * @module
 */
import { UnsupportedError } from "../data/mod.ts";
import { openHost } from "../host/mod.ts";
import { clockNs, gettid, poll } from "../sys/mod.ts";
import { sampleWriter } from "./_sample_writer.ts";
import { openTracer } from "./tracer.ts";
import type { SampleAnswer, SampleOrders } from "./trace_samples.ts";

const self = globalThis as unknown as {
  onmessage: (event: MessageEvent<SampleOrders>) => void;
  postMessage(answer: SampleAnswer): void;
  close(): void;
};

self.onmessage = ({ data }) => {
  try {
    self.postMessage(run(data));
  } catch (error) {
    const { name, message } = error as Error;
    const remedy = error instanceof UnsupportedError ? error.remedy : "";
    self.postMessage({ kind: "failed", name, message, remedy });
  }
  self.close();
};

function run(orders: SampleOrders): SampleAnswer {
  const { pid, frequencyHz, stackBytes, ring, stop } = orders;
  const periodNs = 1e9 / frequencyHz;
  const stopped = new Int32Array(stop);
  const tracer = openTracer(openHost(), pid, sampleWriter(ring, stackBytes));
  self.postMessage({ kind: "ready", tid: gettid() });
  const start = tracer.begin();
  // Not the whole period: a program that works in step with the clock is not to be met at the same place.
  let next = start + periodNs * Math.random();
  let ticks = 0;
  let skipped = 0;
  let idleMs = SHORT_MS;
  for (;;) {
    const now = clockNs();
    if (now - start >= orders.durationNs || Atomics.load(stopped, 0) !== 0) break;
    if (tracer.threads === 0) break;
    if (now >= next) {
      tracer.tick();
      ticks++;
      next += periodNs;
      if (next < now) {
        const missed = Math.ceil((now - next) / periodNs);
        skipped += missed;
        next += missed * periodNs;
      }
      idleMs = SHORT_MS;
    }
    let any = false;
    while (tracer.take()) any = true;
    if (any) idleMs = SHORT_MS;
    const left = (next - clockNs()) / 1e6;
    if (left > 0) poll([], Math.min(left, idleMs));
    // Nothing wakes us when a thread stops for a signal or a new thread: we look, often at first, then less.
    idleMs = Math.min(idleMs * 1.5, LONG_MS);
  }
  const ended = tracer.threads === 0;
  tracer.finish();
  const durationNs = clockNs() - start;
  return { kind: "done", durationNs, ended, ticks, skipped, restarted: tracer.restarted };
}

const SHORT_MS = 0.03;
const LONG_MS = 1;
