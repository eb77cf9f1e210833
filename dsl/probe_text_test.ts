import assert from "node:assert/strict";
import fc from "fast-check";
import { callTargetText, probePointText } from "../core/query/mod.ts";
import { readCall } from "./call_text.ts";
import { readProbe } from "./probe_text.ts";

const READ: readonly (readonly [text: string, point: unknown, pattern?: boolean])[] = [
  ["tracepoint:sched:sched_*", { kind: "tracepoint", category: "sched", name: "sched_*" }, true],
  ["raw_tracepoint:sched_switch", { kind: "raw_tracepoint", name: "sched_switch" }],
  ["kprobe:vfs_read", { kind: "kprobe", symbol: "vfs_read" }],
  ["fexit:foo.isra.0", { kind: "fexit", symbol: "foo.isra.0" }],
  ["kretprobe:vfs_?ead", { kind: "kretprobe", symbol: "vfs_?ead" }, true],
  ['uprobe:"/opt/my app/bin":main', { kind: "uprobe", path: "/opt/my app/bin", symbol: "main" }],
  ['uprobe:bash:"ns::f(int, *)"', { kind: "uprobe", path: "bash", symbol: "ns::f(int, *)" }],
  ["uprobe:/bin/bash:readline+0x10", { kind: "uprobe", path: "/bin/bash", symbol: "readline+0x10" }],
  ["uprobe:/bin/bash:0xAb0", { kind: "uprobe", path: "/bin/bash", symbol: "0xAb0" }],
  ["uretprobe:/bin/bash:read*", { kind: "uretprobe", path: "/bin/bash", symbol: "read*" }, true],
  ["usdt:/lib/libc.so.6:setjmp", { kind: "usdt", path: "/lib/libc.so.6", symbol: "setjmp" }],
  ["usdt:/lib/libc.so.6:libc:*", { kind: "usdt", path: "/lib/libc.so.6", symbol: "libc:*" }, true],
  ["profile:99hz", { kind: "profile", hz: 99 }],
  ["interval:100ms", { kind: "interval", periodNs: 1e8 }],
  ["software:page-faults:100", { kind: "software", event: "page-faults", period: 100 }],
  ["software:faults", { kind: "software", event: "page-faults", period: 1 }],
  ["software:cpu-clock", { kind: "software", event: "cpu-clock", period: 1e6 }],
  ["software:task-clock:10ms", { kind: "software", event: "task-clock", period: 1e7 }],
  ["hardware:cycles", { kind: "hardware", event: "cpu-cycles", period: 1e6 }],
  ["hardware:LLC-load-misses:1000", { kind: "hardware", event: "LLC-load-misses", period: 1000 }],
  ["iter:task", { kind: "iter", target: "task" }],
  ["xdp:eth0.100", { kind: "xdp", interface: "eth0.100" }],
];

for (const [text, point, pattern = false] of READ) {
  Deno.test(`readProbe() reads ${text}`, () => {
    assert.deepEqual(readProbe(text), { ok: true, point, pattern });
  });
}

Deno.test("readProbe() refuses what is near to a probe and none", () => {
  const wrong = [
    "tracepoint:sched:",
    "tracepoint::x",
    "kprobe:1a",
    "kprobe:a:b",
    "usdt:/x",
    "uprobe:main",
    "profile:0hz",
  ];
  wrong.push("interval:0s", "interval:5hz", "profile:5s", "software:cs:1ms", "software:cs:1:1", "hardware:", "iter:*");
  wrong.push("xdp:", "xdp:an_interface_of_16", "xdp:a/b", "kprobe:", "nothing", ":x", "software:bpf-output");
  wrong.push("interval:99us", "software:cpu-clock:99us", "software:task-clock:1");
  for (const text of wrong) assert.equal(readProbe(text).ok, false, text);
});

Deno.test("readCall() reads functions of the kernel, of programs, and system calls", () => {
  const target = (text: string): unknown => {
    const read = readCall(text);
    return read.ok ? [read.target, read.pattern] : read.message;
  };
  assert.deepEqual(target("kernel:vfs_*"), [{ kind: "kernel", symbol: "vfs_*" }, true]);
  assert.deepEqual(target('user:"/a b":f'), [{ kind: "user", path: "/a b", symbol: "f" }, false]);
  assert.deepEqual(target("syscall:fsync"), [{ kind: "syscall", name: "fsync" }, false]);
  assert.equal(target("syscall:a:b"), '"syscall:a:b" is no syscall function');
  assert.equal(target("user:/a*:f"), "Wildcards stand in names, not in the path of a program");
  assert.equal(target("user:f"), '"user:f" is no user function');
});

Deno.test("what readProbe() and readCall() take apart, their texts put together again", () => {
  const symbol = fc.stringMatching(/^[a-z_][a-z0-9_.]{0,20}$/);
  const path = fc.oneof(
    fc.stringMatching(/^\/[a-z0-9/._-]{1,20}$/),
    fc.constantFrom('"/opt/my app"', '"/a:b"', '"/a\\"b\\\\c"', '"/x(1)"'),
  );
  const point = fc.oneof(
    fc.tuple(fc.constantFrom("kprobe", "kretprobe", "fentry", "fexit", "raw_tracepoint", "iter"), symbol),
    fc.tuple(fc.constant("tracepoint"), symbol, symbol),
    fc.tuple(fc.constantFrom("uprobe", "uretprobe", "usdt"), path, symbol),
    fc.tuple(fc.constant("usdt"), path, symbol, symbol),
    fc.tuple(fc.constant("profile"), fc.integer({ min: 1, max: 10_000 }).map((n) => `${n}hz`)),
    fc.tuple(fc.constant("software"), fc.constant("page-faults"), fc.integer({ min: 1 })),
    fc.tuple(fc.constant("software"), fc.constant("cpu-clock"), fc.integer({ min: 100_000 })),
  ).map((parts) => parts.join(":"));
  fc.assert(fc.property(point, (text) => {
    const read = readProbe(text);
    assert.ok(read.ok, text);
    assert.equal(probePointText(read.point), text);
  }));
  const call = fc.oneof(
    fc.tuple(fc.constantFrom("kernel", "syscall"), symbol),
    fc.tuple(fc.constant("user"), path, symbol),
  ).map((parts) => parts.join(":"));
  fc.assert(fc.property(call, (text) => {
    const read = readCall(text);
    assert.ok(read.ok, text);
    assert.equal(callTargetText(read.target), text);
  }));
});

Deno.test("readProbe() and readCall() survive any text", () => {
  const kinds = fc.constantFrom(
    "tracepoint",
    "uprobe",
    "usdt",
    "profile",
    "interval",
    "hardware",
    "user",
    "kernel",
    "xdp",
  );
  fc.assert(fc.property(kinds, fc.string({ unit: "binary" }), (kind, rest) => {
    for (const read of [readProbe(`${kind}:${rest}`), readCall(`${kind}:${rest}`)]) {
      assert.ok(read.ok || read.message !== "");
    }
  }));
});
