import { workerUrl } from "../assets/mod.ts";
import { GoneError, UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { initRing, ringReader, ringSize } from "../ring/mod.ts";

/** What is to be sampled. */
export interface TraceRequest {
  readonly pid: number;
  readonly frequencyHz: number;
  readonly durationNs: number;
  /** Most bytes of stack in a sample. */
  readonly stackBytes: number;
  readonly signal: AbortSignal;
  readonly onReady?: () => void;
  /** Takes one record as `sample_record.ts` lays it out. It is gone after the call. */
  readonly record: (view: DataView, bytes: Uint8Array, at: number, length: number) => void;
}

/** How it went. */
export interface TraceSummary {
  readonly durationNs: number;
  /** The process and all that it created have ended. */
  readonly ended: boolean;
  /** Records that found no room. */
  readonly lost: number;
  readonly ticks: number;
  /** Ticks that were left out because others took too long. */
  readonly skipped: number;
  /** System calls that were made again because stopping had ended them. */
  readonly restarted: number;
}

/** The first message to the Worker. */
export interface SampleOrders extends Pick<TraceRequest, "pid" | "frequencyHz" | "durationNs" | "stackBytes"> {
  readonly ring: SharedArrayBuffer;
  /** One word: not 0 ends it. */
  readonly stop: SharedArrayBuffer;
}

/** What the Worker tells. */
export type SampleAnswer =
  /** All threads are traced, by the Worker's thread of this number. */
  | { readonly kind: "ready"; readonly tid: number }
  | { readonly kind: "failed"; readonly name: string; readonly message: string; readonly remedy: string }
  | { readonly kind: "done" } & Omit<TraceSummary, "lost">;

/**
 * Samples the threads of a process by stopping each at every tick of a clock, for the moment that it takes to read its
 * registers and to copy its stack.
 *
 * When this process is killed, the kernel lets all traced threads go on.
 *
 * @throws {GoneError | UnsupportedError}
 */
export async function traceSamples(host: Host, request: TraceRequest): Promise<TraceSummary> {
  const { pid, frequencyHz, durationNs, stackBytes, signal } = request;
  const ring = new SharedArrayBuffer(ringSize(RING_BYTES));
  initRing(ring, RING_BYTES);
  const reader = ringReader(ring);
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(workerUrl("core/ptrace/sample_worker.ts"), { type: "module" });
  const drain = (): void => void reader.drain((at, length) => request.record(reader.view, reader.bytes, at, length));
  const end = (): void => {
    Atomics.store(new Int32Array(stop), 0, 1);
  };
  let tid = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    const answer = await new Promise<SampleAnswer>((resolve, reject) => {
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`The tracing thread failed: ${event.message}`));
      };
      worker.onmessage = ({ data }: MessageEvent<SampleAnswer>) => {
        if (data.kind !== "ready") return resolve(data);
        tid = data.tid;
        timer = setInterval(drain, DRAIN_MS);
        request.onReady?.();
      };
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
      worker.postMessage({ pid, frequencyHz, durationNs, stackBytes, ring, stop } satisfies SampleOrders);
    });
    if (answer.kind === "failed") throw errorOf(answer);
    if (answer.kind !== "done") throw new Error("The tracing thread ended without a word");
    drain();
    const { kind: _, ...summary } = answer;
    return { ...summary, lost: reader.lost() };
  } finally {
    end();
    signal.removeEventListener("abort", end);
    clearInterval(timer);
    worker.terminate();
    // The target is free when the thread that traces it is gone.
    while (tid > 0 && host.threads(Deno.pid).includes(tid)) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function errorOf({ name, message, remedy }: Extract<SampleAnswer, { kind: "failed" }>): Error {
  if (name === "GoneError") return new GoneError(message);
  if (name === "UnsupportedError") return new UnsupportedError(message, remedy);
  return new Error(message);
}

/** Room for 250 samples of 32 KiB. */
const RING_BYTES = 8 << 20;
const DRAIN_MS = 10;
