import type { TcpSocket } from "./types.ts";
import { ipText } from "../data/ip_text.ts";

/** include/net/tcp_states.h, from 1. */
const STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
];

/**
 * Parses `/proc/net/tcp` and `tcp6` (Documentation/networking/proc_net_tcp.rst).
 *
 * @param littleEndian byte order of the machine that wrote it: addresses are printed as 32-bit words in its order
 */
export function parseTcp(text: string, littleEndian = true): TcpSocket[] {
  const sockets: TcpSocket[] = [];
  for (const line of text.split("\n").slice(1)) {
    const words = line.trim().split(/\s+/);
    if (words.length < 10) continue;
    const [localAddress, localPort] = address(words[1], littleEndian);
    const [remoteAddress, remotePort] = address(words[2], littleEndian);
    const [sendQueue, receiveQueue] = words[4].split(":").map((w) => parseInt(w, 16));
    sockets.push({
      localAddress,
      localPort,
      remoteAddress,
      remotePort,
      state: STATES[parseInt(words[3], 16) - 1] ?? `state ${words[3]}`,
      sendQueue,
      receiveQueue,
      retransmits: parseInt(words[6], 16) || 0,
      inode: Number(words[9]) || 0,
    });
  }
  return sockets;
}

function address(text: string, littleEndian: boolean): [string, number] {
  const [hex, port] = text.split(":");
  const bytes: number[] = [];
  for (let word = 0; word + 8 <= hex.length; word += 8) {
    const four = [0, 2, 4, 6].map((i) => parseInt(hex.slice(word + i, word + i + 2), 16));
    bytes.push(...(littleEndian ? four.reverse() : four));
  }
  return [ipText(bytes), parseInt(port, 16)];
}
