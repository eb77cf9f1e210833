import { IP_BYTES } from "../../data/mod.ts";
import type { IpColumnBuilder } from "../../query/columns/ip_column.ts";
import type { AddressForm } from "../../host/mod.ts";

const AF_INET = 2, AF_INET6 = 10;

/**
 * Appends an address of a record to a column.
 *
 * @returns what takes the bytes and where the address lies in them; a socket address of another family is null
 */
export function ipReader(form: AddressForm, column: IpColumnBuilder): (bytes: Uint8Array, at: number) => void {
  const room = new Uint8Array(IP_BYTES);
  const four = (bytes: Uint8Array, at: number): void => {
    // IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2).
    room.fill(0, 0, 10).fill(0xff, 10, 12);
    for (let i = 0; i < 4; i++) room[12 + i] = bytes[at + i];
    column.add(room, 0);
  };
  if (form === "ip4") return four;
  if (form === "ip6") return (bytes, at) => column.add(bytes, at);
  // struct sockaddr_in and sockaddr_in6: the family, the port, …
  return (bytes, at) => {
    const family = bytes[at] | bytes[at + 1] << 8;
    if (family === AF_INET) four(bytes, at + 4);
    else if (family === AF_INET6) column.add(bytes, at + 8);
    else column.addNull();
  };
}
