import { syscallName } from "../host/mod.ts";
import { errnoName } from "../sys/mod.ts";
import type { TracedCall } from "./decode/traced_call.ts";

export interface Decoder {
  entry(call: TracedCall): string;
  exit(call: TracedCall, column?: number): string;
  unfinished(column?: number): string;
  forget(tid: number): void;
}

/** Arguments as they are: hexadecimal. */
export function createDecoder(_memory: unknown, _options: unknown): Decoder {
  const end = (column = 40): string => {
    const spaces = 38 - column;
    return `)${spaces > 1 ? " ".repeat(spaces) : " "}= `;
  };
  return {
    entry: (call) => {
      let text = `${syscallName(call.nr)}(`;
      for (let i = 0; i < 6; i++) {
        const hi = call.args[2 * i + 1];
        const lo = call.args[2 * i];
        text += (i > 0 ? ", 0x" : "0x") +
          (hi === 0 ? lo.toString(16) : hi.toString(16) + lo.toString(16).padStart(8, "0"));
      }
      return text;
    },
    exit: (call, column) => {
      if (call.error !== 0) return `${end(column)}-1 ${errnoName(call.error)}`;
      return end(column) + (call.ret[1] * 0x1_0000_0000 + call.ret[0]);
    },
    unfinished: (column) => `${end(column)}?`,
    forget: () => {},
  };
}
