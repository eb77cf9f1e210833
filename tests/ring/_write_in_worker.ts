/** A Worker that writes records into a ring as fast as it can. `control`: 1 done, else 0; attempts; published. */
import { ringWriter } from "../../core/ring/mod.ts";
import { fill, lengthOf } from "./_pattern.ts";

/** What the Worker is to do. */
export interface WriteTask {
  readonly ring: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly records: number;
  /** Whether a record that finds the ring full is tried again, and not given up. */
  readonly retry: boolean;
}

declare const self: { onmessage: (event: MessageEvent<WriteTask>) => void };

self.onmessage = ({ data: { ring, control, records, retry } }): void => {
  const words = new Int32Array(control);
  const writer = ringWriter(ring);
  let attempts = 0;
  let published = 0;
  for (let i = 0; i < records; i++) {
    let at: number;
    do {
      at = writer.reserve(lengthOf(i));
      attempts++;
    } while (at < 0 && retry);
    if (at < 0) continue;
    fill(writer.view, at, i);
    writer.commit();
    published++;
  }
  words[1] = attempts;
  words[2] = published;
  Atomics.store(words, 0, 1);
};
