/** The ring between TypeScript and C through a shared mapping, millions of records, both ways, both modes. */
import assert from "node:assert/strict";
import { ringGroupReader, type RingMode, ringReader, ringWriter } from "../../core/ring/mod.ts";
import { outputOf } from "../compile_c.ts";
import { fromFileUrl } from "../bench/paths.ts";
import { skip } from "../skip.ts";
import { check, fill, lengthOf } from "./_pattern.ts";
import { compilePeer, type PeerTask, sharedRings, startPeer } from "./_peer.ts";

const RECORDS = 1_000_000;
/** A C program that gives up what does not fit writes this many in about a second. */
const FLOOD = 20_000_000;

Deno.test("the ring between TypeScript and C", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const peer = await compilePeer(folder);
    if (peer === null) return skip("no gcc");

    for (
      const [mode, capacity, job] of [
        ["drop", 1 << 20, "write"],
        ["drop", 65_536, "retry"],
        ["overwrite", 1 << 20, "write"],
        ["overwrite", 4096, "write"],
      ] satisfies [RingMode, number, PeerTask["job"]][]
    ) {
      await t.step(`C writes, TypeScript reads: ${mode}, ${capacity} bytes, ${job}`, async () => {
        using rings = sharedRings(1, capacity, mode);
        const reader = ringReader(rings.buffer);
        const records = job === "retry" ? RECORDS : FLOOD;
        const ended = untilEnd(startPeer(peer, rings, { job, to: records }));
        let read = 0;
        let last = -1;
        const visit = (at: number, length: number): void => {
          const i = check(reader.view, at, length);
          if (i <= last) throw new Error(`record ${i} came after ${last}`);
          last = i;
        };
        while (!ended.done) {
          const until = performance.now() + 50;
          while (!rings.done() && performance.now() < until) read += reader.drain(visit);
          await tick();
        }
        assert.equal(await ended.text, "");
        read += reader.drain(visit);
        console.log(`  ${read} read, ${reader.lost()} lost, ${reader.overwritten()} overwritten`);
        assert.equal(read + reader.overwritten(), rings.published());
        assert.equal(rings.published() + reader.lost(), rings.attempts());
        if (job === "retry") assert.equal(read, RECORDS);
        if (mode === "overwrite") assert.equal(last, records - 1);
      });
    }

    for (const mode of ["drop", "overwrite"] as const) {
      await t.step(`TypeScript writes, C reads: ${mode}`, async () => {
        using rings = sharedRings(1, 1 << 18, mode);
        const writer = ringWriter(rings.buffer);
        const ended = untilEnd(startPeer(peer, rings, { job: "read" }));
        const until = performance.now() + 120_000;
        let published = 0;
        for (let i = 0; i < RECORDS; i++) {
          let at = writer.reserve(lengthOf(i));
          // Half of the records wait for room, the others are lost when there is none.
          while (at < 0 && i % 2 === 0) {
            assert.ok(performance.now() < until, "the reader does not read");
            at = writer.reserve(lengthOf(i));
          }
          if (at < 0) continue;
          fill(writer.view, at, i);
          writer.commit();
          published++;
        }
        rings.setDone();
        const [read, overwritten, last] = (await ended.text).split(" ").map(Number);
        console.log(`  ${published} published: ${read} read, ${overwritten} overwritten`);
        assert.equal(read + overwritten, published);
        if (mode === "drop") assert.equal(overwritten, 0);
        else assert.equal(last, RECORDS - 1);
      });
    }

    await t.step("four processes claim a ring each of a group, and one reader has them all", async () => {
      const each = RECORDS / 4;
      using rings = sharedRings(4, 1 << 18, "drop");
      const reader = ringGroupReader(rings.buffer);
      const all = [0, 1, 2, 3].map((k) =>
        untilEnd(startPeer(peer, rings, { job: "retry", from: k * each, to: (k + 1) * each }))
      );
      const last = new Map<number, number>();
      let read = 0;
      const visit = (ring: number, at: number, length: number): void => {
        const i = check(reader.rings[ring].view, at, length);
        const process = Math.floor(i / each);
        if (i !== (last.get(process) ?? process * each - 1) + 1) throw new Error(`record ${i} is out of order`);
        last.set(process, i);
      };
      while (!all.every((one) => one.done)) {
        const until = performance.now() + 50;
        while (performance.now() < until) read += reader.drain(visit);
        await tick();
      }
      read += reader.drain(visit);
      assert.deepEqual(await Promise.all(all.map((one) => one.text)), ["", "", "", ""]);
      assert.equal(read, 4 * each);
      assert.deepEqual(reader.rings.map((ring) => ring.owner()), [0, 0, 0, 0]);
    });

    await t.step("ring.h needs nothing but a compiler", async () => {
      const source = `#include "ring.h"\n
        int main_(void *memory, unsigned long bytes) {
          struct sonde_ring ring; struct sonde_ring_reader reader; char text[300];
          void *place = sonde_ring_claim(memory, bytes, 1);
          if (!place || sonde_ring_open(&ring, place, bytes) || sonde_ring_reader_open(&reader, place, bytes)) return 1;
          sonde_ring_write(&ring, text, sizeof text);
          sonde_ring_release(place, 1);
          return sonde_ring_read(&reader, text, sizeof text);
        }`;
      await Deno.writeTextFile(`${folder}/bare.c`, source);
      // Where a libgcc for aarch64 is installed, clang calls that for atomics unless it is told not to.
      const arm = ["clang", "--target=aarch64-linux-gnu", "-mno-outline-atomics"];
      for (const [compiler, ...target] of [["gcc"], ["clang"], arm]) {
        for (const level of ["-O0", "-O2", "-O3"]) {
          const args = [
            ...target,
            level,
            "-std=c11",
            "-ffreestanding",
            "-nostdinc",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-c",
          ];
          const include = (await outputOf(compiler, ["-print-file-name=include"]))?.trim();
          if (include === undefined) {
            skip(`no ${compiler}`);
            break;
          }
          const { code, stderr } = await new Deno.Command(compiler, {
            args: [...args, "-isystem", include, "-I", fromFileUrl("../../core/ring"), "bare.c", "-o", "bare.o"],
            cwd: folder,
          }).output();
          assert.equal(code, 0, new TextDecoder().decode(stderr));
          const symbols = await outputOf("readelf", ["--wide", "--syms", `${folder}/bare.o`]);
          const missing = symbols?.match(/ UND \S+/g)?.filter((name) => name !== " UND __stack_chk_fail");
          assert.deepEqual(missing ?? [], [], `${compiler} ${target} ${level}`);
        }
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Lets the event loop turn. */
function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** What a process printed, and whether it has ended. */
function untilEnd(process: Deno.ChildProcess): { done: boolean; readonly text: Promise<string> } {
  const end = {
    done: false,
    text: process.output().then(({ stdout }) => {
      end.done = true;
      return new TextDecoder().decode(stdout).trim();
    }),
  };
  return end;
}
