import assert from "node:assert/strict";
import { initRingGroup, ringGroupSize, type RingMode } from "../../core/ring/mod.ts";
import { MAP, memfd, mmapFd, PROT, write } from "../../core/sys/mod.ts";
import { fromFileUrl } from "../bench/paths.ts";
import { compileC } from "../compile_c.ts";

/** Compiles `peer.c`. @returns its path, or null when there is no gcc */
export async function compilePeer(folder: string): Promise<string | null> {
  const source = await Deno.readTextFile(fromFileUrl("../ring/peer.c"));
  const options = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", fromFileUrl("../../core/ring")];
  return await compileC(source, `${folder}/peer`, options) ? `${folder}/peer` : null;
}

/** Rings in a memory file that other processes map too. */
export interface SharedRings extends Disposable {
  /** What is killed with the rings, where a test ends early. */
  readonly peers: Deno.ChildProcess[];
  /** What the other process opens. */
  readonly path: string;
  readonly buffer: ArrayBuffer;
  /** What the other process counts: records that it tried to write, and those it has published. */
  attempts(): number;
  published(): number;
  /** Puts right what a killed writer had not counted any more. */
  setPublished(count: number): void;
  /** Tells a reader that nothing more will come; or whether the writer has said so. */
  setDone(): void;
  done(): boolean;
}

/** Makes a group of rings in a memory file. */
export function sharedRings(rings: number, capacity: number, mode: RingMode): SharedRings {
  const size = ringGroupSize(rings, capacity);
  using stack = new DisposableStack();
  const file = stack.use(memfd("ring"));
  const path = `/proc/${Deno.pid}/fd/${file.fd}`;
  assert.equal(write(file.fd, new Uint8Array(size + 4096)), size + 4096);
  const { buffer } = stack.use(mmapFd(file.fd, size + 4096, PROT.READ | PROT.WRITE, MAP.SHARED));
  initRingGroup(buffer, rings, capacity, mode);
  const counters = new BigUint64Array(buffer, size, 3);
  const peers: Deno.ChildProcess[] = [];
  const owned = stack.move();
  return {
    peers,
    path,
    buffer,
    attempts: () => Number(Atomics.load(counters, 0)),
    published: () => Number(Atomics.load(counters, 1)),
    setPublished: (count) => void Atomics.store(counters, 1, BigInt(count)),
    setDone: () => void Atomics.store(counters, 2, 1n),
    done: () => Atomics.load(counters, 2) === 1n,
    [Symbol.dispose](): void {
      for (const peer of peers) {
        try {
          peer.kill("SIGKILL");
        } catch (error) {
          if (!(error instanceof TypeError)) throw error; // it has ended
        }
      }
      owned.dispose();
    },
  };
}

/** What a peer is to do. */
export interface PeerTask {
  /** `write` gives up a record that does not fit, `retry` tries again, `read` reads all. */
  readonly job: "write" | "retry" | "read";
  /** First record, and the one behind the last. */
  readonly from?: number;
  readonly to?: number;
  /** The record in whose middle it kills itself. */
  readonly dieAt?: number;
}

/** Starts the C program. */
export function startPeer(peer: string, rings: SharedRings, task: PeerTask): Deno.ChildProcess {
  const { job, from = 0, to = 0, dieAt = -1 } = task;
  const child = new Deno.Command(peer, {
    args: [job, rings.path, `${from}`, `${to}`, `${dieAt}`],
    stdout: "piped",
  }).spawn();
  rings.peers.push(child);
  return child;
}
