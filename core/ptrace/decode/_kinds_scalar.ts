import { addressArgument, dec64, type Decoding, hex, hex64, intArgument, type Kind, sdec64 } from "./_decoding.ts";
import { escapedText } from "./_quote.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

/** A descriptor, with its path when paths are asked for. */
export function fdText(d: Decoding, fd: number): string {
  if (d.fdPath === undefined || fd < 0) return String(fd);
  const path = d.fdPath(d.call.pid, fd);
  return path === null ? String(fd) : `${fd}<${escapedText(path)}>`;
}

/** AT_FDCWD or a descriptor. */
export function dirfdText(d: Decoding, fd: number): string {
  if (fd !== AT_FDCWD) return fdText(d, fd);
  const path = d.fdPath?.(d.call.pid, AT_FDCWD) ?? null;
  return path === null ? "AT_FDCWD" : `AT_FDCWD<${escapedText(path)}>`;
}

/** As a number of a descriptor: asks {@linkcode Decoding.fdPath} for the working directory. */
export const AT_FDCWD = -100;

/** User or group: -1 leaves it as it is. */
export function idText(id: number): string {
  return id === 0xffff_ffff ? "-1" : String(id);
}

/** Permission bits, as strace writes them: at least three digits. */
export function octal(mode: number): string {
  return mode === 0 ? "000" : `0${mode.toString(8).padStart(2, "0")}`;
}

/** A mode with the type of the file: `S_IFREG|0644`. */
export function modeText(mode: number): string {
  return modes[mode & 0xffff] ??= newModeText(mode & 0xffff);
}

/** Texts of modes by their 16 bits. */
const modes: (string | undefined)[] = [];

function newModeText(mode: number): string {
  const type = mode & S_IFMT;
  if (type === 0) return octal(mode);
  let text = valueNamer("file_type")(type);
  if (text.startsWith("0")) return octal(mode);
  if (mode & 0o4000) text += "|S_ISUID";
  if (mode & 0o2000) text += "|S_ISGID";
  if (mode & 0o1000) text += "|S_ISVTX";
  return `${text}|${octal(mode & 0o777)}`;
}

/** A device's number: `makedev(0x1, 0x3)`; both halves as the kernel's `new_encode_dev` packs them. */
export function deviceText(lo: number, hi = 0): string {
  const major = (lo >>> 8 & 0xfff) | hi & 0xffff_f000;
  const minor = (lo & 0xff | lo >>> 12 & 0xffff_ff00) >>> 0;
  return `makedev(${hex(major)}, ${hex(minor)})`;
}

/** Name of a signal; the real-time ones count from the kernel's first, 32. */
export function signalText(signal: number): string {
  if (signal >= 32 && signal <= 64) return signal === 32 ? "SIGRTMIN" : `SIGRT_${signal - 32}`;
  return signal >= 1 && signal < 32 ? valueNamer("signal")(signal) : String(signal);
}

const S_IFMT = 0o170000;
const O_CREAT = 0o100, O_TMPFILE = 0o20000000;

const openBits = (d: Decoding, value: number): string => {
  // dup3 and delete_module take single bits of open's, without an access mode.
  const mode = value & 3;
  const text = flagNamer("open_flags", d.arch)((value & ~3) >>> 0).replace(/^O_RDONLY\|?/, "");
  if (text === "" || text.startsWith("0")) return value === 0 ? "0" : `${hex(value)} /* O_??? */`;
  if (mode === 0) return text;
  const [names, rest] = text.split("|0x");
  return `${names}|${hex((mode | parseInt(rest ?? "0", 16)) >>> 0)}`;
};

/** Printers of arguments that are numbers. */
export const SCALAR_KINDS: Readonly<Record<string, Kind>> = {
  none: { print: () => "" },
  map_flags: { print: (d, i) => mapFlags(d.call.args[2 * i]) },
  memory_flags: { print: (d, i) => memoryFlags(d.call.args[2 * i]) },
  // Only with MEMBARRIER_CMD_FLAG_CPU.
  membarrier_cpu: { print: (d, i, ref) => d.call.args[2 * ref] & 1 ? String(intArgument(d, i)) : "" },
  // KCMP_FILE and KCMP_EPOLL_TFD compare descriptors, the rest whole processes.
  kcmp_index: {
    print: (d, i, ref) => {
      const KCMP_FILE = 0, KCMP_EPOLL_TFD = 7;
      const type = d.call.args[2 * ref];
      if (type === KCMP_FILE || type === KCMP_EPOLL_TFD && i === ref + 1) return fdText(d, intArgument(d, i));
      return type < KCMP_EPOLL_TFD ? "" : hex64(d.call.args[2 * i], d.call.args[2 * i + 1]);
    },
  },
  raw: { print: (d, i) => hex64(d.call.args[2 * i], d.call.args[2 * i + 1]) },
  hex: { print: (d, i) => hex64(d.call.args[2 * i], d.call.args[2 * i + 1]) },
  address: { print: addressArgument },
  int: { print: (d, i) => String(intArgument(d, i)) },
  uint: { print: (d, i) => String(d.call.args[2 * i]) },
  long: { print: (d, i) => sdec64(d.call.args[2 * i], d.call.args[2 * i + 1]) },
  off: { print: (d, i) => sdec64(d.call.args[2 * i], d.call.args[2 * i + 1]) },
  ulong: { print: (d, i) => dec64(d.call.args[2 * i], d.call.args[2 * i + 1]) },
  size: { print: (d, i) => dec64(d.call.args[2 * i], d.call.args[2 * i + 1]) },
  fd: { print: (d, i) => fdText(d, intArgument(d, i)) },
  fd_number: { print: (d, i) => fdText(d, intArgument(d, i)) },
  dirfd: { print: (d, i) => dirfdText(d, intArgument(d, i)) },
  id: { print: (d, i) => idText(d.call.args[2 * i]) },
  mode: { print: (d, i) => octal(d.call.args[2 * i] & 0xffff) },
  node_mode: { print: (d, i) => modeText(d.call.args[2 * i] & 0xffff) },
  // Only special files have a device.
  node_device: {
    print: (d, i, ref) => {
      const type = d.call.args[2 * ref] & S_IFMT;
      return type === 0o020000 || type === 0o060000 ? deviceText(d.call.args[2 * i]) : "";
    },
  },
  create_mode: {
    print: (d, i, ref) => {
      const flags = d.call.args[2 * ref];
      const creates = (flags & O_CREAT) !== 0 || (flags & O_TMPFILE) !== 0;
      return creates ? octal(d.call.args[2 * i] & 0xffff) : "";
    },
  },
  open_bits: { print: (d, i) => openBits(d, d.call.args[2 * i]) },
  signal: { print: (d, i) => signalText(intArgument(d, i)) },
  key: { print: (d, i) => d.call.args[2 * i] === 0 ? "IPC_PRIVATE" : hex(d.call.args[2 * i]) },
  ipc_mode: { print: (d, i) => ipcMode("ipc_flags", d.call.args[2 * i]) },
  shm_mode: { print: (d, i) => ipcMode("shm_flags", d.call.args[2 * i]) },
  mremap_address: {
    print: (d, i, ref) =>
      (d.call.args[2 * ref] & MREMAP_MAYMOVE_FIXED) === MREMAP_MAYMOVE_FIXED ? addressArgument(d, i) : "",
  },
  socket_type: {
    print: (d, i) => {
      const value = d.call.args[2 * i];
      const flags = value & ~0xf;
      const type = valueNamer("socket_type")(value & 0xf);
      if (type.startsWith("0")) return flagNamer("sock_type_flags")(value);
      return flags === 0 ? type : `${type}|${flagNamer("sock_type_flags")(flags)}`;
    },
  },
  socket_protocol: {
    print: (d, i, ref) => {
      const protocol = d.call.args[2 * i];
      switch (d.call.args[2 * ref]) {
        case 2:
        case 10:
          return valueNamer("inet_protocol")(protocol);
        case 16:
          return valueNamer("netlink_protocol")(protocol);
        case 17: {
          const ethernet = (protocol & 0xff) << 8 | protocol >>> 8 & 0xff;
          return `htons(${valueNamer("ethernet_protocol")(ethernet)})`;
        }
        default:
          return String(protocol);
      }
    },
  },
  // `level` is the argument that ref names.
  socket_option: {
    print: (d, i, ref) => {
      const table = OPTIONS_OF_LEVEL[d.call.args[2 * ref]];
      const option = d.call.args[2 * i];
      return table === undefined ? String(option) : valueNamer(table)(option);
    },
  },
  ioctl_request: { print: (d, i) => ioctlText(d.call.args[2 * i]) },
};

/** Tables of options by level: SOL_IP, SOL_SOCKET, SOL_TCP, SOL_UDP, SOL_IPV6, SOL_PACKET, SOL_NETLINK. */
const OPTIONS_OF_LEVEL: Readonly<Record<number, string>> = {
  0: "ip_option",
  1: "so",
  6: "tcp_option",
  17: "udp_option",
  41: "ipv6_option",
  263: "packet_option",
  270: "netlink_option",
};

const MREMAP_MAYMOVE_FIXED = 3;

/** The size of huge pages, as a power of two, lies in the highest six bits. */
function mapFlags(value: number): string {
  const MAP_HUGE_SHIFT = 26;
  const size = value >>> MAP_HUGE_SHIFT;
  const flags = value & (1 << MAP_HUGE_SHIFT) - 1 & ~0xf;
  const text = valueNamer("map_type")(value & 0xf) +
    (flags === 0 ? "" : `|${flagNamer("mmap_flags")(flags).replace(/ .*/, "")}`);
  return size === 0 ? text : `${text}|${size}<<MAP_HUGE_SHIFT`;
}

/** The same of memfd_create. */
function memoryFlags(value: number): string {
  const MFD_HUGE_SHIFT = 26;
  const size = value >>> MFD_HUGE_SHIFT, flags = value & (1 << MFD_HUGE_SHIFT) - 1;
  if (size === 0) return flagNamer("memfd_flags")(flags);
  return `${flags === 0 ? "" : `${flagNamer("memfd_flags")(flags)}|`}${size}<<MFD_HUGE_SHIFT`;
}

function ipcMode(table: string, value: number): string {
  const flags = value & ~0o777;
  const mode = octal(value & 0o777);
  const SHM_HUGE_SHIFT = 26;
  const huge = table === "shm_flags" ? flags >>> SHM_HUGE_SHIFT : 0;
  const rest = huge === 0 ? flags : flags & (1 << SHM_HUGE_SHIFT) - 1;
  const parts = rest === 0 ? [] : [flagNamer(table)(rest).replace(/ .*/, "")];
  if (huge !== 0) parts.push(`${huge}<<SHM_HUGE_SHIFT`);
  return [...parts, mode].join("|");
}

/** A request by its name, or by its parts: direction, type, number, size (include/uapi/asm-generic/ioctl.h). */
function ioctlText(request: number): string {
  const name = valueNamer("ioctl")(request);
  if (!name.startsWith("0") || request < 0x100) return name;
  const direction = request >>> 30;
  const directions = ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"][direction];
  const type = request >>> 8 & 0xff, size = request >>> 16 & 0x3fff;
  return `_IOC(${directions}, ${hex(type)}, ${hex(request & 0xff)}, ${hex(size)})`;
}
