import { MAP, mmapFd, open, PROT, read, SysError } from "../../core/sys/mod.ts";
import { type Btf, parseBtf } from "./btf.ts";

/** BTF with the memory that it lies in. */
export interface OpenBtf extends Disposable {
  readonly btf: Btf;
}

/**
 * Opens a BTF file: mapped where the kernel can (since 6.16: 0.3 ms), else read (5 MB: 9 ms).
 *
 * @param path of the kernel's or a module's BTF
 * @param base the kernel's, for that of a module
 * @throws {SysError} when it cannot be opened or read
 * @throws {BtfError} when it is no BTF
 */
export function openBtf(path: string, base?: Btf): OpenBtf {
  using file = open(path);
  const size = Deno.statSync(path).size;
  try {
    const mapping = mmapFd(file.fd, size, PROT.READ, MAP.PRIVATE);
    try {
      return { btf: parseBtf(mapping.bytes, base), [Symbol.dispose]: () => mapping[Symbol.dispose]() };
    } catch (error) {
      mapping[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof SysError)) throw error; // an older kernel does not map BTF
  }
  const bytes = new Uint8Array(new ArrayBuffer(size));
  for (let at = 0; at < size;) {
    const n = read(file.fd, bytes.subarray(at));
    if (n < 0) throw new SysError("read", n, path);
    if (n === 0) throw new TypeError(`${path} ended after ${at} of ${size} bytes`);
    at += n;
  }
  return { btf: parseBtf(bytes, base), [Symbol.dispose]() {} };
}
