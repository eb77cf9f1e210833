import assert from "node:assert/strict";
import { all, between, num, only, total } from "./expectations.ts";
import { receivedBytes } from "./kernel_counters.ts";
import type { RecipeCase } from "./recipe_case.ts";

const LIBC = "/lib/x86_64-linux-gnu/libc.so.6";
const CONNECTIONS = 5;
const BYTES = 20_000;
const HEADER = 14;

/** Recipes about the network. All of it over the loopback interface. */
export const NETWORK_CASES: readonly RecipeCase[] = [
  {
    recipe: "network_throughput",
    beside: async (b) => [await b.start("datagrams_until_stopped")],
    counters: () => ({ bytes: receivedBytes("lo") }),
    check({ rows, seconds, around }) {
      const row = only(rows("interfaces"), { interface: "lo" });
      const received = num(row, "rx_bytes") * seconds("interfaces");
      assert.ok(received > 20_000 && received <= around.bytes * 1.02, `${received} of ${around.bytes}`);
      assert.equal(num(row, "rx_bytes"), num(row, "tx_bytes"));
      between(row, "rx_size", 10_000, 20_028);
      between(row, "rx_errors", 0, 0);
    },
  },
  {
    recipe: "network_senders",
    work: (b) => b.load("drop", 500),
    check({ rows, facts }, { comm }) {
      const row = only(rows("senders"), { comm, interface: "lo" });
      between(row, "packets", 500, 500);
      between(row, "bytes", facts.bytes + 500 * HEADER, facts.bytes + 500 * HEADER);
      between(row, "mean_size", 512 + 28 + HEADER, 512 + 28 + HEADER);
    },
  },
  {
    recipe: "tcp_connects",
    work: (b) => b.load("connect", CONNECTIONS, 1000),
    check({ rows, facts }, { comm }) {
      const open = only(rows("connects"), { comm, port: facts.port });
      assert.deepEqual([open.peer, num(open, "count"), num(open, "refused")], ["127.0.0.1", CONNECTIONS, 0]);
      const closed = only(rows("connects"), { comm, port: facts.closed_port });
      assert.deepEqual([num(closed, "count"), num(closed, "refused")], [CONNECTIONS, CONNECTIONS]);
      between(open, "p50_duration", 1000, 1e9);
    },
  },
  {
    recipe: "tcp_latency",
    async work(b) {
      const open = await b.load("connect", CONNECTIONS, 1000);
      const lossy = await b.load("retransmit", 2);
      return { ...open, lossy_port: lossy.port };
    },
    check({ rows, facts }, { comm }) {
      const open = only(rows("connects"), { comm, port: facts.port });
      assert.deepEqual([open.peer, num(open, "attempts"), num(open, "opened")], [
        "127.0.0.1",
        CONNECTIONS,
        CONNECTIONS,
      ]);
      between(open, "total", 1000 * CONNECTIONS, 1e9);
      const closed = only(rows("connects"), { comm, port: facts.closed_port });
      assert.deepEqual([num(closed, "attempts"), num(closed, "opened"), closed.p50], [CONNECTIONS, 0, null]);
      const trips = only(rows("round_trips"), { peer: "127.0.0.1", port: facts.port });
      // In microseconds; each connection has a few segments.
      between(trips, "segments", CONNECTIONS, 100 * CONNECTIONS);
      between(trips, "p50", 1, 1e6);
      between(only(rows("retransmits"), { port: facts.lossy_port, state: 1 }), "events", 2, 10);
    },
  },
  {
    recipe: "tcp_accepts",
    work: (b) => b.load("connect", CONNECTIONS, 1000),
    check({ rows, facts }, { comm }) {
      between(only(rows("arrived"), { port: facts.port, peer: "127.0.0.1" }), "count", CONNECTIONS, CONNECTIONS);
      const row = only(rows("accepted"), { comm: `${comm}_b` });
      // The last one waits until its process is killed.
      assert.equal(num(row, "calls") - num(row, "failed"), CONNECTIONS);
      between(row, "failed", 0, 1);
    },
  },
  {
    recipe: "tcp_lifetimes",
    work: (b) => b.load("connect", CONNECTIONS, BYTES),
    check({ rows, facts }, { comm }) {
      const opened = all(rows("longest"), { comm, port: facts.port });
      assert.equal(opened.length, CONNECTIONS);
      // SYN and FIN take a number each.
      for (const row of opened) {
        between(row, "sent", BYTES, BYTES + 2);
        between(row, "received", BYTES, BYTES + 2);
        between(row, "lived", 1000, 1e10);
      }
      assert.equal(all(rows("longest"), { comm: null, local_port: facts.port }).length, CONNECTIONS, "accepted ones");
      between(only(rows("opened"), { comm, peer: "127.0.0.1", port: facts.port }), "count", CONNECTIONS, CONNECTIONS);
      assert.deepEqual(all(rows("opened"), { port: facts.closed_port }), [], "it was never open");
      between(only(rows("accepted"), { local_port: facts.port, peers: 1 }), "count", CONNECTIONS, CONNECTIONS);
    },
  },
  {
    recipe: "tcp_retransmits",
    work: (b) => b.load("retransmit", 2),
    check({ rows, facts }) {
      const row = only(rows("peers"), { port: facts.port });
      assert.deepEqual([row.peer, row.state], ["127.0.0.1", "established"]);
      // A timer sends again. Of what happens in an interrupt a virtual machine's kernel does not always tell.
      between(row, "segments", 0.6 * facts.segments, facts.segments);
      between(rows("tcp")[0], "retransmits", 0.1, Infinity);
    },
  },
  {
    recipe: "tcp_resets",
    work: (b) => b.load("connect", CONNECTIONS, 1000),
    check({ rows, facts }) {
      const row = only(rows("received"), { peer: "127.0.0.1", port: facts.closed_port });
      between(row, "count", CONNECTIONS, CONNECTIONS);
      between(rows("sent")[0], "resets_out", 0.1, Infinity);
    },
  },
  {
    recipe: "dropped_packets",
    work: (b) => b.load("drop", 300),
    check({ rows, facts }) {
      const dropped = rows("drops").filter((r) => /udp/.test(String(r.dropped_in)) && r.protocol === "IPv4");
      assert.ok(facts.dropped > 100);
      const packets = total(dropped, "packets");
      assert.ok(packets >= facts.dropped && packets <= facts.dropped + 20, `${packets}, not ${facts.dropped}`);
    },
  },
  {
    recipe: "name_lookups",
    missing: () => exists(LIBC) ? null : `no ${LIBC}`,
    work: (b) => b.load("name", 5),
    check({ rows }, { comm }) {
      const known = only(rows("lookups"), { comm, host: "127.0.0.1" }),
        none = only(rows("lookups"), { comm, host: "no.number" });
      assert.deepEqual([num(known, "count"), num(known, "failed")], [5, 0]);
      assert.deepEqual([num(none, "count"), num(none, "failed")], [5, 5]);
    },
  },
];

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
