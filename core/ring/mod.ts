/**
 * Our ring buffer: one byte layout over any ArrayBuffer, one writer, one reader, what does not fit is dropped or
 * overwrites the oldest, and is counted. `ring.h` is the same for C.
 * @module
 */
export {
  type ClaimedRing,
  claimRing,
  initRingGroup,
  type RingGroupMember,
  type RingGroupReader,
  ringGroupReader,
  ringGroupSize,
} from "./group.ts";
export { initRing, LAYOUT, type RingMode, type RingShape, ringShape, ringSize } from "./layout.ts";
export { type RingReader, ringReader } from "./reader.ts";
export { type RingWriter, ringWriter } from "./writer.ts";
