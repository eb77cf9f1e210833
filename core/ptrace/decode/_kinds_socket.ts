import {
  addressArgument,
  addressAt,
  argument,
  decAt,
  type Decoding,
  hex,
  i32,
  intArgument,
  type Kind,
  number64,
  readAt,
  refNumber,
  u16,
  u32,
} from "./_decoding.ts";
import { errnoName } from "../../sys/mod.ts";
import { bufferText, iovecsText, MAX_ELEMENTS } from "./_kinds_string.ts";
import { fdText } from "./_kinds_scalar.ts";
import { timevalText } from "./_kinds_time.ts";
import { quoted, quotedHex } from "./_quote.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

const SOCKADDR_MAX = 128;

/** A socket's address of `length` bytes at `address`. */
export function socketAddress(d: Decoding, address: number, length: number, shown: string): string {
  if (address === 0 || length < 2) return shown;
  const size = Math.min(length, SOCKADDR_MAX);
  const b = readAt(d, address, size);
  if (b.length < size) return shown;
  const family = u16(b, 0);
  const head = `{sa_family=${valueNamer("socket_domain")(family)}`;
  switch (family) {
    case 1:
      return `${head}${unixPath(b, size)}}`;
    case 2:
      if (size < 8) break;
      return `${head}, sin_port=htons(${port(b)}), sin_addr=inet_addr("${b[4]}.${b[5]}.${b[6]}.${b[7]}")}`;
    case 10: {
      if (size < 24) break;
      const scope = size >= 28 ? `, sin6_scope_id=${u32(b, 24)}` : "";
      return `${head}, sin6_port=htons(${port(b)}), sin6_flowinfo=htonl(${bigEndian32(b, 4)}), ` +
        `inet_pton(AF_INET6, "${ipv6Text(b, 8)}", &sin6_addr)${scope}}`;
    }
    case 16:
      if (size < 12) break;
      return `${head}, nl_pid=${i32(b, 4)}, nl_groups=${groups(u32(b, 8))}}`;
    case 17: {
      if (size < 12) break;
      const protocol = valueNamer("ethernet_protocol")(b[2] << 8 | b[3]);
      const hardware = b[11];
      const bytes = Math.min(hardware, 8, size - 12);
      const ll = [...b.subarray(12, 12 + bytes)].map((x) => x === 0 ? "00" : hex(x)).join(", ");
      return `${head}, sll_protocol=htons(${protocol}), sll_ifindex=${i32(b, 4)}, sll_hatype=${
        valueNamer("hardware")(u16(b, 8))
      }, ` +
        `sll_pkttype=${valueNamer("packet_type")(b[10])}, sll_halen=${hardware}${
          bytes > 0 ? `, sll_addr=[${ll}]` : ""
        }}`;
    }
  }
  return `${head}, sa_data=${quoted(b, 2, size)}}`;
}

function port(b: Uint8Array): number {
  return b[2] << 8 | b[3];
}

function bigEndian32(b: Uint8Array, at: number): number {
  return (b[at] << 24 | b[at + 1] << 16 | b[at + 2] << 8 | b[at + 3]) >>> 0;
}

/** As C's `%#08x`: eight characters, the prefix among them, and zero without it. */
function groups(value: number): string {
  return value === 0 ? "00000000" : `0x${value.toString(16).padStart(6, "0")}`;
}

/** `sun_path`: up to a zero byte, or, behind a zero byte, an abstract name of the rest. */
function unixPath(b: Uint8Array, size: number): string {
  if (size <= 2) return "";
  if (b[2] === 0) return size > 3 ? `, sun_path=@${quoted(b, 3, size)}` : ', sun_path=@""';
  const zero = b.indexOf(0, 2);
  return `, sun_path=${quoted(b, 2, zero < 0 || zero > size ? size : zero)}`;
}

/** inet_ntop(3) of 16 bytes: the longest run of zero groups, two at least, is `::`. */
function ipv6Text(b: Uint8Array, at: number): string {
  const words: number[] = [];
  for (let k = 0; k < 16; k += 2) words.push(b[at + k] << 8 | b[at + k + 1]);
  const mapped = words.slice(0, 5).every((w) => w === 0) && words[5] === 0xffff;
  if (mapped) return `::ffff:${b[at + 12]}.${b[at + 13]}.${b[at + 14]}.${b[at + 15]}`;
  let best = -1, length = 1;
  for (let k = 0; k < 8; k++) {
    let run = 0;
    while (k + run < 8 && words[k + run] === 0) run++;
    if (run > length) [best, length] = [k, run];
  }
  const texts = words.map((w) => w.toString(16));
  if (best < 0) return texts.join(":");
  return `${texts.slice(0, best).join(":")}::${texts.slice(best + length).join(":")}`;
}

/** An address that the kernel writes, within the room that there was. */
function peerAddress(d: Decoding, i: number, ref: number): string {
  const room = d.saved;
  const b = readAt(d, argument(d, ref), 4);
  const length = b.length < 4 ? 0 : i32(b, 0);
  return socketAddress(d, argument(d, i), Math.min(room, length), addressArgument(d, i));
}

/** A length that the kernel changes: `[128 => 16]`. */
const ADDRESS_LENGTH: Kind = {
  late: () => true,
  remember: (d, i) => {
    const b = readAt(d, argument(d, i), 4);
    return b.length < 4 ? 0 : i32(b, 0);
  },
  print: (d, i) => {
    const b = readAt(d, argument(d, i), 4);
    if (b.length < 4) return addressArgument(d, i);
    const length = i32(b, 0);
    return d.call.error !== 0 || length === d.saved ? `[${d.saved}]` : `[${d.saved} => ${length}]`;
  },
};

/** `struct msghdr`: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. */
const MSGHDR_BYTES = 56;

/**
 * @param limit how many bytes the vectors hold, when the kernel wrote them
 * @param room what the name's length was before the call; -1 when it is to be read by the kernel
 */
function messageText(d: Decoding, address: number, shown: string, limit: number, room: number): string {
  const found = readAt(d, address, MSGHDR_BYTES);
  if (found.length < MSGHDR_BYTES) return shown;
  const m = found.slice();
  const name = number64(m, 0), nameLength = i32(m, 8);
  const wrote = room >= 0 && room !== nameLength ? `${room} => ${nameLength}` : `${nameLength}`;
  const shownLength = room >= 0 ? Math.min(room, nameLength) : nameLength;
  const controlLength = number64(m, 40);
  const control = controlLength === 0
    ? ""
    : `, msg_control=${controlText(d, number64(m, 32), controlLength, addressAt(m, 32))}`;
  return `{msg_name=${socketAddress(d, name, shownLength, addressAt(m, 0))}, msg_namelen=${wrote}, ` +
    `msg_iov=${iovecsText(d, number64(m, 16), number64(m, 24), addressAt(m, 16), limit)}, msg_iovlen=${decAt(m, 24)}` +
    `${control}, msg_controllen=${decAt(m, 40)}, msg_flags=${flagNamer("msg_flags")(u32(m, 48))}}`;
}

/** Control messages: `struct cmsghdr` is length 0, level 8, type 12, data 16. */
function controlText(d: Decoding, address: number, length: number, shown: string): string {
  const found = readAt(d, address, Math.min(length, 4096));
  if (found.length < 16) return shown;
  const b = found.slice();
  const parts: string[] = [];
  for (let at = 0; at + 16 <= b.length && parts.length < MAX_ELEMENTS;) {
    const size = number64(b, at);
    const level = i32(b, at + 8), type = i32(b, at + 12);
    const end = Math.min(at + size, b.length);
    const kind = level === SOL_SOCKET ? valueNamer("scm")(type) : hex(type >>> 0);
    const data = size > 16 && size >= 16 ? `, cmsg_data=${controlData(d, b, level, type, at + 16, end)}` : "";
    parts.push(`{cmsg_len=${size}, cmsg_level=${valueNamer("sol")(level)}, cmsg_type=${kind}${data}}`);
    if (!(size >= 16)) break;
    at += Math.ceil(size / 8) * 8;
  }
  return `[${parts.join(", ")}]`;
}

function controlData(d: Decoding, b: Uint8Array, level: number, type: number, at: number, end: number): string {
  if (level === SOL_SOCKET && type === 1) {
    const fds: string[] = [];
    for (let k = at; k + 4 <= end && fds.length < MAX_ELEMENTS; k += 4) fds.push(fdText(d, i32(b, k)));
    return `[${fds.join(", ")}]`;
  }
  if (level === SOL_SOCKET && type === 2 && end - at >= 12) {
    return `{pid=${i32(b, at)}, uid=${u32(b, at + 4)}, gid=${u32(b, at + 8)}}`;
  }
  return quotedHex(b, at, Math.min(end, at + d.stringLimit));
}

const SOL_SOCKET = 1;

const MESSAGE_IN: Kind = {
  late: () => true,
  remember: (d, i) => {
    const b = readAt(d, argument(d, i) + 8, 4);
    return b.length < 4 ? 0 : i32(b, 0);
  },
  print: (d, i) => {
    const address = argument(d, i), shown = addressArgument(d, i);
    if (d.call.error === 0) return messageText(d, address, shown, d.call.ret[0], d.saved);
    const b = readAt(d, address, MSGHDR_BYTES);
    return b.length < MSGHDR_BYTES ? shown : `{msg_namelen=${d.saved}}`;
  },
};

/** Characters of messages of one call after which no more are shown. */
const MAX_MESSAGES_TEXT = 16384;

/** `struct mmsghdr`: a msghdr and the length that was sent or received, 64 bytes in all. */
function messagesText(d: Decoding, i: number, count: number, received: boolean): string {
  const done = d.call.error === 0;
  const address = argument(d, i);
  if (count === 0) return "[]";
  const parts: string[] = [];
  let shown = 0;
  for (let k = 0; k < Math.min(count, MAX_ELEMENTS); k++) {
    if (shown > MAX_MESSAGES_TEXT) return `[${parts.join(", ")}, ...]`;
    const at = address + 64 * k;
    const b = readAt(d, at + MSGHDR_BYTES, 4);
    if (b.length < 4) return parts.length === 0 ? addressArgument(d, i) : `[${parts.join(", ")}, ...]`;
    const length = u32(b, 0);
    const text = messageText(d, at, addressArgument(d, i), received ? length : Infinity, -1);
    shown += text.length;
    parts.push(`{msg_hdr=${text}${done ? `, msg_len=${length}` : ""}}`);
  }
  return `[${parts.join(", ")}${count > MAX_ELEMENTS ? ", ..." : ""}]`;
}

/** An option's value: a number mostly, `[1]`; level and name stand before it, its length is argument `ref`. */
function optionValue(d: Decoding, i: number, length: number): string {
  const shown = addressArgument(d, i);
  const address = argument(d, i);
  const level = intArgument(d, i - 2), option = intArgument(d, i - 1);
  if (address === 0 || length <= 0) return shown;
  if (level === SOL_SOCKET) {
    const SO_LINGER = 13, SO_PEERCRED = 17, SO_BINDTODEVICE = 25, SO_RCVTIMEO = 20, SO_SNDTIMEO = 21;
    const SO_ERROR = 4;
    const b = readAt(d, address, Math.min(length, 64));
    if (option === SO_LINGER && b.length >= 8) return `{l_onoff=${i32(b, 0)}, l_linger=${i32(b, 4)}}`;
    if (option === SO_LINGER && b.length === 4) return `{l_onoff=${i32(b, 0)}}`;
    if (option === SO_PEERCRED && b.length >= 12) return `{pid=${i32(b, 0)}, uid=${u32(b, 4)}, gid=${u32(b, 8)}}`;
    if ((option === SO_RCVTIMEO || option === SO_SNDTIMEO) && b.length >= 16) return timevalText(b, 0);
    if (option === SO_BINDTODEVICE) return bufferText(d, address, length, shown);
    if (b.length >= 4 && length >= 4) {
      const value = i32(b, 0);
      if (option === SO_ERROR && value !== 0) return `[${errnoName(value)}]`;
    }
  }
  const TCP_CONGESTION = 13, TCP_ULP = 31;
  if (level === 6 && (option === TCP_CONGESTION || option === TCP_ULP)) return bufferText(d, address, length, shown);
  if (length === 4) {
    const b = readAt(d, address, 4);
    return b.length < 4 ? shown : `[${i32(b, 0)}]`;
  }
  return bufferText(d, address, length, shown);
}

/** Printers of arguments that concern sockets. */
export const SOCKET_KINDS: Readonly<Record<string, Kind>> = {
  socket_address: {
    print: (d, i, ref) => socketAddress(d, argument(d, i), refNumber(d, ref), addressArgument(d, i)),
  },
  peer_address: { print: peerAddress },
  address_length: ADDRESS_LENGTH,
  message: { print: (d, i) => messageText(d, argument(d, i), addressArgument(d, i), Infinity, -1) },
  message_in: MESSAGE_IN,
  messages_sent: {
    late: () => true,
    print: (d, i, ref) => messagesText(d, i, d.call.error !== 0 ? refNumber(d, ref) : d.call.ret[0], false),
  },
  messages_in: { print: (d, i, ref) => messagesText(d, i, refNumber(d, ref), true) },
  option_value: { print: (d, i, ref) => optionValue(d, i, intArgument(d, ref)) },
  option_value_in: {
    print: (d, i, ref) => {
      const b = readAt(d, argument(d, ref), 4);
      return optionValue(d, i, b.length < 4 ? 0 : i32(b, 0));
    },
  },
};
