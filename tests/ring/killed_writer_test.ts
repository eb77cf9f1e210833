/** A writer that is killed: its reader and its successor go on, and only what was not published is missing. */
import assert from "node:assert/strict";
import { LAYOUT, ringReader } from "../../core/ring/mod.ts";
import { skip } from "../skip.ts";
import { check } from "./_pattern.ts";
import { compilePeer, sharedRings, startPeer } from "./_peer.ts";

const ROUNDS = 40;

Deno.test("a writer that gets SIGKILL loses at most the record it had not published", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const peer = await compilePeer(folder);
    if (peer === null) return skip("no gcc");

    for (const mode of ["drop", "overwrite"] as const) {
      await t.step(`${mode}: in the middle of filling in record 1000`, async () => {
        using rings = sharedRings(1, 1 << 20, mode);
        const reader = ringReader(rings.buffer);
        const { signal } = await startPeer(peer, rings, { job: "write", to: 2000, dieAt: 1000 }).output();
        assert.equal(signal, "SIGKILL");
        const seen: number[] = [];
        const visit = (at: number, length: number): void => void seen.push(check(reader.view, at, length));
        reader.drain(visit);
        assert.deepEqual(seen, Array.from({ length: 1000 }, (_, i) => i));
        disown(rings.buffer);
        const next = await startPeer(peer, rings, { job: "write", from: 1001, to: 2000 }).output();
        assert.equal(next.code, 0);
        reader.drain(visit);
        assert.deepEqual(seen.slice(1000), Array.from({ length: 999 }, (_, i) => 1001 + i));
        assert.deepEqual([reader.lost(), reader.overwritten()], [0, 0]);
      });

      await t.step(`${mode}: ${ROUNDS} writers in turn, each killed at some moment`, async () => {
        using rings = sharedRings(1, 8192, mode);
        const reader = ringReader(rings.buffer);
        let read = 0;
        let last = -1;
        let unpublished = 0;
        const visit = (at: number, length: number): void => {
          const i = check(reader.view, at, length);
          if (i <= last) throw new Error(`record ${i} came after ${last}`);
          last = i;
        };
        for (let round = 0; round < ROUNDS; round++) {
          const before = read;
          const writer = startPeer(peer, rings, { job: "write", from: rings.attempts(), to: 2 ** 31 });
          const end = writer.output();
          while (read < before + 1000 + round * 97) {
            for (let n = 0; n < 200; n++) read += reader.drain(visit);
            await new Promise((resolve) => setTimeout(resolve, 0));
          }
          writer.kill("SIGKILL");
          const { signal, stdout } = await end;
          assert.equal(signal, "SIGKILL", new TextDecoder().decode(stdout));
          read += reader.drain(visit);
          disown(rings.buffer);
          // The program counts an attempt before it makes it, and a record after it has published it.
          const accounted = read + reader.overwritten();
          const published = rings.published();
          assert.ok(accounted === published || accounted === published + 1, `${accounted} of ${published}`);
          rings.setPublished(accounted);
          unpublished = rings.attempts() - accounted - reader.lost();
          assert.ok(
            unpublished >= 0 && unpublished <= round + 1,
            `${unpublished} are missing after ${round + 1} kills`,
          );
        }
        console.log(
          `  ${read} read, ${reader.lost()} lost, ${reader.overwritten()} overwritten, ` +
            `${unpublished} of ${ROUNDS} writers were in the middle of one`,
        );
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What whoever starts the next writer does when it knows that the last one has ended. */
function disown(buffer: ArrayBuffer): void {
  Atomics.store(new Int32Array(buffer), LAYOUT.OWNER / 4, 0);
}
