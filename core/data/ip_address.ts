import { ipText } from "./ip_text.ts";

/** Bytes of an address as columns and programs keep it: IPv6, or IPv4 mapped into it (RFC 4291, 2.5.5.2). */
export const IP_BYTES = 16;

/** What stands before an IPv4 address in its 16 bytes. */
const MAPPED: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/**
 * The text of an address: IPv4 with dots, IPv6 by RFC 5952. IPv4 that is mapped into IPv6 is the IPv4 address that it
 * is, so that one host has one text whichever family its socket is of.
 *
 * @param bytes the address in network order
 * @param at where it begins
 */
export function addressIp(bytes: Uint8Array, at = 0): string {
  const mapped = MAPPED.every((b, i) => bytes[at + i] === b);
  return ipText([...bytes.subarray(mapped ? at + 12 : at, at + IP_BYTES)]);
}

/**
 * The 16 bytes of an address that somebody wrote: `10.0.0.1`, `::1`, `::ffff:10.0.0.1`.
 *
 * @returns null when the text is no address; a zone (`fe80::1%eth0`) is no part of one
 */
export function parseIp(text: string): Uint8Array<ArrayBuffer> | null {
  if (!text.includes(":")) {
    const v4 = dotted(text);
    return v4 && Uint8Array.from([...MAPPED, ...v4]);
  }
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, i) => half === "" ? [] : groups(half, i === halves.length - 1));
  if (head === null || tail === null) return null;
  if (tail === undefined) return head.length === IP_BYTES ? Uint8Array.from(head) : null;
  const missing = IP_BYTES - head.length - tail.length;
  // `::` stands for one group of zeros at least.
  return missing >= 2 ? Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]) : null;
}

/** The text that {@linkcode addressIp} gives for an address that somebody wrote; null when it is none. */
export function canonicalIp(text: string): string | null {
  const bytes = parseIp(text);
  return bytes && addressIp(bytes);
}

/** `10.0.0.1`; leading zeros are refused, since some read them as octal. */
function dotted(text: string): number[] | null {
  const parts = text.split(".");
  const fine = parts.length === 4 && parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) < 256);
  return fine ? parts.map(Number) : null;
}

/** Groups of 16 bits; the last may be an IPv4 address. @param last whether the text's end is that of the address */
function groups(text: string, last: boolean): number[] | null {
  const parts = text.split(":");
  const bytes: number[] = [];
  for (const [i, part] of parts.entries()) {
    const v4 = last && i === parts.length - 1 && part.includes(".") ? dotted(part) : null;
    if (v4) bytes.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) bytes.push(parseInt(part, 16) >> 8, parseInt(part, 16) & 255);
    else return null;
  }
  return bytes;
}
