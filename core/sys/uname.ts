import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { check } from "./sys_error.ts";

/** `uname(2)`. */
export interface Uname {
  readonly sysname: string;
  readonly nodename: string;
  /** Of the kernel: `6.1.0-28-amd64`. */
  readonly release: string;
  readonly version: string;
  readonly machine: string;
}

/** Names the running kernel. */
export function uname(): Uname {
  const FIELD = 65;
  const bytes = new Uint8Array(6 * FIELD);
  check(library().bufferOnly(NR.uname, bytes, 0), "uname");
  const field = (i: number): string => {
    const text = bytes.subarray(i * FIELD, (i + 1) * FIELD);
    return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
  };
  return { sysname: field(0), nodename: field(1), release: field(2), version: field(3), machine: field(4) };
}
