import assert from "node:assert/strict";
import fc from "fast-check";
import { parseNetCounters } from "./parse_net_counters.ts";
import { parseNetDev } from "./parse_net_dev.ts";
import { parseSoftnet } from "./parse_softnet.ts";
import { parseTcp } from "./parse_tcp.ts";

Deno.test("parseNetDev() reads names with colons and without a space after them", () => {
  const [a, b] = parseNetDev(
    "Inter-|   Receive\n face |bytes\n" +
      "  eth0:1234 2 3 4 0 0 0 0 9876 6 7 8 0 0 0 0\neth0:1: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n",
  );
  assert.deepEqual(a, {
    name: "eth0",
    rxBytes: 1234,
    rxPackets: 2,
    rxErrors: 3,
    rxDrops: 4,
    txBytes: 9876,
    txPackets: 6,
    txErrors: 7,
    txDrops: 8,
  });
  assert.equal(b.name, "eth0:1");
});

Deno.test("parseNetCounters() joins names and values of each protocol, negative ones too", () => {
  const c = parseNetCounters("Tcp: MaxConn RetransSegs\nTcp: -1 12\nTcpExt: ListenOverflows New\nTcpExt: 3\n");
  assert.deepEqual([...c], [["Tcp.MaxConn", -1], ["Tcp.RetransSegs", 12], ["TcpExt.ListenOverflows", 3]]);
  assert.equal(parseNetCounters("Tcp: a\nUdp: 1\n").size, 0);
});

Deno.test("parseSoftnet() is hexadecimal and takes the CPU's number where the kernel gives it", () => {
  const old = "0000000a 00000001 0000ffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000";
  assert.deepEqual(parseSoftnet(`${old}\n${old}\n`), [
    { cpu: 0, processed: 10, dropped: 1, timeSqueezed: 65535 },
    { cpu: 1, processed: 10, dropped: 1, timeSqueezed: 65535 },
  ]);
  assert.equal(parseSoftnet(`${old} 00000000 00000005 00000000 00000000\n`)[0].cpu, 5);
});

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

Deno.test("parseTcp() decodes addresses, ports, state and queues", () => {
  const [v4, v6, mapped] = parseTcp(
    HEAD +
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1145 1 0 100 0 0 10 0\n" +
      "   1: 00000000000000000000000001000000:0016 B80D0120000000000000000001000000:01BB 01 0000001A:00000002 02:00000A6B 00000003  0  0 77 2 0\n" +
      "   2: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000200007F:01BB 06 0:0 0:0 0 0 0 0 3 0\n",
  );
  assert.deepEqual(v4, {
    localAddress: "127.0.0.1",
    localPort: 8080,
    remoteAddress: "0.0.0.0",
    remotePort: 0,
    state: "LISTEN",
    sendQueue: 0,
    receiveQueue: 5,
    retransmits: 0,
    inode: 1145,
  });
  assert.deepEqual([v6.localAddress, v6.remoteAddress, v6.state, v6.sendQueue, v6.receiveQueue, v6.retransmits], [
    "::1",
    "2001:db8::1",
    "ESTABLISHED",
    26,
    2,
    3,
  ]);
  assert.deepEqual([mapped.localAddress, mapped.state], ["::ffff:127.0.0.1", "TIME_WAIT"]);
});

Deno.test("parseTcp() writes IPv6 addresses as URL parsers do", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 0xabcd), { minLength: 8, maxLength: 8 }), (groups) => {
    const bytes = groups.flatMap((g) => [g >> 8, g & 0xff]);
    const hex = [0, 4, 8, 12].map((i) =>
      bytes.slice(i, i + 4).reverse().map((b) => b.toString(16).padStart(2, "0")).join("")
    ).join("");
    const [socket] = parseTcp(`${HEAD}   0: ${hex}:0016 ${hex}:0016 01 0:0 0:0 0 0 0 0 3 0\n`);
    const expected = new URL(`http://[${groups.map((g) => g.toString(16)).join(":")}]/`).hostname.slice(1, -1);
    assert.equal(socket.localAddress, expected);
  }));
});
