/** Our ring buffer: one byte layout over any ArrayBuffer, one writer, one reader, loss counted. @module */
export { initRing, LAYOUT, ringCapacity, ringSize } from "./layout.ts";
export { type RingReader, ringReader } from "./reader.ts";
export { type RingWriter, ringWriter } from "./writer.ts";
