import { bytesAddress, cString } from "../core/sys/mod.ts";

/** How an object is opened. */
export interface OpenOptions {
  /** What the object is called in messages. */
  readonly name: string;
  /** Path of a BTF file to resolve fields with, for kernels without their own. */
  readonly btf?: string;
  /** Path of libbpf instead of the installed one. */
  readonly library?: string;
}

/**
 * `struct bpf_object_open_opts` of libbpf 1.1.2: its size and the places of what we set. Newer versions take the old size
 * for what it is, older ones (1.0) know all of its members.
 */
export const OPEN_OPTS = { size: 80, object_name: 8, btf_custom_path: 48 } as const;

/** The struct, and the texts that it points to: to be kept alive until the call has returned. */
export function openOpts(options: OpenOptions): {
  readonly opts: Uint8Array<ArrayBuffer>;
  readonly keep: readonly Uint8Array<ArrayBuffer>[];
} {
  const opts = new Uint8Array(new ArrayBuffer(OPEN_OPTS.size));
  const view = new DataView(opts.buffer);
  view.setBigUint64(0, BigInt(OPEN_OPTS.size), true);
  const keep: Uint8Array<ArrayBuffer>[] = [];
  const text = (at: number, value: string): void => {
    const bytes = cString(value);
    keep.push(bytes);
    view.setBigUint64(at, bytesAddress(bytes), true);
  };
  text(OPEN_OPTS.object_name, options.name);
  if (options.btf !== undefined) text(OPEN_OPTS.btf_custom_path, options.btf);
  return { opts, keep };
}
