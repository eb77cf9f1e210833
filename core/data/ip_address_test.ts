import assert from "node:assert/strict";
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import fc from "fast-check";
import { addressIp, canonicalIp, IP_BYTES, parseIp } from "./ip_address.ts";

const RUNS = { numRuns: 500 };
const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Runs of zeros are what RFC 5952 is about. */
const v6 = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(0xffff)), {
  minLength: 8,
  maxLength: 8,
}).map((groups) => Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 255])));

/** Whether 16 bytes are an IPv4 address. */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
}

/** What RFC 5952 says, group by group and without regular expressions. */
function rfc5952(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i] * 256 + bytes[2 * i + 1]);
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = (some: number[]): string => some.map((g) => g.toString(16)).join(":");
  if (best.at < 0) return hex(groups);
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}

Deno.test("addressIp() writes IPv6 as RFC 5952 says, and node takes it for the same address", () => {
  fc.assert(
    fc.property(v6, (bytes) => {
      if (isMapped(bytes)) return;
      const text = addressIp(bytes);
      assert.equal(text, rfc5952(bytes));
      assert.ok(isIPv6(text), text);
    }),
    RUNS,
  );
});

Deno.test("IPv4, also mapped into IPv6, is four numbers with dots", () => {
  fc.assert(
    fc.property(v4, (four) => {
      const text = [...four].join(".");
      const bytes = parseIp(text)!;
      assert.ok(isIPv4(text) && isMapped(bytes));
      assert.deepEqual(bytes.slice(12), four);
      assert.equal(addressIp(bytes), text);
      assert.equal(canonicalIp(`::ffff:${text}`), text);
      assert.equal(
        canonicalIp(`::FFFF:${four[0].toString(16)}${hex2(four[1])}:${hex2(four[2])}${hex2(four[3])}`),
        text,
      );
    }),
    RUNS,
  );
});

function hex2(n: number): string {
  return n.toString(16).padStart(2, "0");
}

Deno.test("parseIp() reads what addressIp() writes, wherever the bytes lie", () => {
  fc.assert(
    fc.property(v6, fc.nat(40), (bytes, at) => {
      const room = new Uint8Array(64);
      room.set(bytes, at);
      assert.deepEqual(parseIp(addressIp(room, at)), Uint8Array.from(bytes));
    }),
    RUNS,
  );
});

Deno.test("parseIp() takes what node takes for an address, and nothing else", () => {
  const part = fc.constantFrom("", "0", "1", "00", "0000", "f", "ffff", "10000", "g", "256", "255", "01", "1.2.3.4");
  const near = fc.array(part, { minLength: 1, maxLength: 9 });
  const texts = fc.oneof(
    near.map((p) => p.join(":")),
    near.map((p) => p.join(".")),
    near.map((p) => p.join("::")),
    fc.tuple(v6, fc.boolean()).map(([b, up]) => up ? rfc5952(b).toUpperCase() : rfc5952(b)),
    v6.map((b) => Array.from({ length: 8 }, (_, i) => hex2(b[2 * i]) + hex2(b[2 * i + 1])).join(":")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = parseIp(text);
      assert.equal(bytes !== null, isIPv4(text) || isIPv6(text), JSON.stringify(text));
      if (bytes === null) return;
      assert.equal(bytes.length, IP_BYTES);
      // Equal to node: both spellings are one socket address.
      const family = isIPv4(text) ? "ipv4" : "ipv6";
      const theirs = new SocketAddress({ address: text, family }).address;
      assert.equal(canonicalIp(theirs), canonicalIp(text), text);
    }),
    { numRuns: 2000 },
  );
  for (const zone of ["fe80::1%eth0", "fe80::1%1", "", " ::1", "::1 ", "1.2.3.4/8"]) assert.equal(parseIp(zone), null);
});

Deno.test("the loopback, the unspecified address, and the examples of RFC 5952", () => {
  const pairs: readonly (readonly [string, string])[] = [
    ["::1", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["::", "::"],
    ["0.0.0.0", "0.0.0.0"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::10.0.0.1", "::a00:1"],
  ];
  for (const [written, canonical] of pairs) assert.equal(canonicalIp(written), canonical);
});
