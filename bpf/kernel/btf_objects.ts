import { bpf, bytesAddress, ERRNO, type Fd, ownFd, SysError } from "../../core/sys/mod.ts";
import { CMD } from "./commands.ts";

/**
 * The descriptor of a module's BTF, which a program that attaches to the module's functions is loaded with (since Linux
 * 5.11). The kernel keeps them by number only: they are looked through for the module's name.
 *
 * @throws {SysError} ENOENT when the module has none
 */
export function moduleBtfFd(module: string): Fd {
  const attr = new Uint8Array(new ArrayBuffer(16));
  const view = new DataView(attr.buffer);
  for (let id = 0;;) {
    view.setUint32(0, id, true);
    view.setUint32(4, 0, true);
    if (bpf(CMD.BTF_GET_NEXT_ID, attr) < 0) throw new SysError("bpf", -ERRNO.ENOENT, `the BTF of module ${module}`);
    id = view.getUint32(4, true);
    view.setUint32(0, id, true);
    const raw = bpf(CMD.BTF_GET_FD_BY_ID, attr);
    if (raw === -ERRNO.ENOENT) continue; // gone meanwhile
    if (raw < 0) throw new SysError("bpf", raw, `the BTF of module ${module}`);
    const fd = ownFd(raw);
    if (nameOf(fd) === module) return fd;
    fd[Symbol.dispose]();
  }
}

/** `struct bpf_btf_info`: btf, btf_size, id, name, name_len, kernel_btf (include/uapi/linux/bpf.h). */
function nameOf(fd: Fd): string {
  const name = new Uint8Array(new ArrayBuffer(64));
  const info = new Uint8Array(new ArrayBuffer(32));
  const infoView = new DataView(info.buffer);
  infoView.setBigUint64(16, bytesAddress(name), true);
  infoView.setUint32(24, name.length, true);
  const attr = new Uint8Array(new ArrayBuffer(16));
  const view = new DataView(attr.buffer);
  view.setUint32(0, fd.fd, true);
  view.setUint32(4, info.length, true);
  view.setBigUint64(8, bytesAddress(info), true);
  if (bpf(CMD.OBJ_GET_INFO_BY_FD, attr, [info, name]) < 0) return "";
  return new TextDecoder().decode(name.subarray(0, Math.max(0, name.indexOf(0))));
}
