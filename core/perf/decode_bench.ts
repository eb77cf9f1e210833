/**
 * Records decoded a second, from memory laid out as the kernel does. One iteration is one drain of a ring of about
 * 10,000 samples with 32 frames each: the goal of 500,000 samples a second is 20 ms an iteration.
 */
import { record, sample, SYNTHETIC_TYPE, text, trailer } from "./_synthetic.ts";
import { RECORD } from "./abi.ts";
import { drainRings, perfRing, type RecordSink } from "./ring.ts";
import { sampleLayout } from "./sample_layout.ts";

const PAGE = 4096;
const layout = sampleLayout(SYNTHETIC_TYPE);

/** A full ring, and a way to make it full again without writing. */
function fullRing(make: (i: number) => number[]): { refill(): void; ring: ReturnType<typeof perfRing>; count: number } {
  const buffer = new ArrayBuffer(PAGE + (4 << 20));
  const data = new Uint32Array(buffer, PAGE);
  const control = new BigInt64Array(buffer, 0, PAGE / 8);
  let at = 0;
  let count = 0;
  for (; count < 10_000; count++) {
    const words = make(count);
    if (at + words.length > data.length) break;
    data.set(words, at);
    at += words.length;
  }
  control[128] = BigInt(at * 4);
  const ring = perfRing(buffer, PAGE);
  return { ring, count, refill: () => void (ring.tail = 0) };
}

const chain = Array.from({ length: 32 }, (_, i) => [0x1000 + i * 64, 0x7f00]);
const samples = fullRing((i) => sample(100 + i % 50, 100, i + 1, 10_101_010, [[0xfffffe00, 0xffffffff], ...chain]));
const forks = fullRing((i) =>
  i % 2 === 0
    ? record(RECORD.FORK, 0, [i, 1, i, 1, 0, 0, ...trailer(1, 1, i + 1)])
    : record(RECORD.COMM, 0, [i, i, ...text("worker"), ...trailer(i, i, i + 1)])
);
let touched = 0;
const sink: RecordSink = {
  sample: (words, at) => {
    // Reads what a profile reads.
    const end = at + layout.callchain + 2 + words[at + layout.callchain] * 2;
    for (let i = at + layout.callchain + 2; i < end; i++) touched ^= words[i];
  },
  record: () => void touched++,
  corrupt: () => {
    throw new Error("corrupt");
  },
};

Deno.bench(`drainRings(): ${samples.count} samples of 32 frames`, () => {
  samples.refill();
  drainRings([samples.ring], layout, sink, Infinity);
});

Deno.bench(`drainRings(): ${forks.count} FORK and COMM records`, () => {
  forks.refill();
  drainRings([forks.ring], layout, sink, Infinity);
});
