import type { Frame } from "../../core/data/mod.ts";
import { addressOf, type Symboliser } from "../../core/symbols/mod.ts";
import { isPlumbing } from "../decode/plumbing.ts";

/**
 * The kernel's frames of a stack that a program took, root first, without what lies between the event and the program.
 *
 * @param ips addresses, leaf first
 */
export function kernelFrames(ips: BigUint64Array | undefined, symboliser: Symboliser): readonly Frame[] {
  if (!ips) return [];
  const words = new Uint32Array(ips.buffer, ips.byteOffset, ips.length * 2);
  const frames: Frame[] = [];
  for (let i = 0; i < ips.length; i++) {
    // All but the leaf are return addresses: the call lies before.
    frames.push(symboliser.kernel(addressOf(words[2 * i + 1], words[2 * i]) - (i === 0 ? 0 : 1)));
  }
  const first = frames.findIndex((f) => !isPlumbing(f));
  return frames.slice(Math.max(0, first)).reverse();
}
