/** System calls of traced processes as text. @module */
export { createDecoder, type Decoder, type DecoderOptions } from "./decoder.ts";
export { AT_FDCWD } from "./_kinds_scalar.ts";
export type { TracedCall, TracedMemory } from "./traced_call.ts";
