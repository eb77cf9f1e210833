import assert from "node:assert/strict";
import { readTarget } from "./call_targets.ts";

const isSyscall = (name: string): boolean => name === "read" || name === "fsync";
const read = (text: string): ReturnType<typeof readTarget> => readTarget(text, isSyscall);

Deno.test("readTarget() takes the language's forms as they are, and says how it understood short ones", () => {
  assert.deepEqual(read("kernel:vfs_*"), { target: { kind: "kernel", symbol: "vfs_*" }, pattern: true, note: null });
  assert.deepEqual(read("syscall:fsync").target, { kind: "syscall", name: "fsync" });
  assert.deepEqual(read("user:/usr/bin/bash:readline").target, {
    kind: "user",
    path: "/usr/bin/bash",
    symbol: "readline",
  });
  assert.deepEqual(read("fsync"), {
    target: { kind: "syscall", name: "fsync" },
    pattern: false,
    note: '"fsync" was taken for syscall:fsync.',
  });
  assert.deepEqual(read("vfs_read").target, { kind: "kernel", symbol: "vfs_read" });
  assert.deepEqual(read("libc:malloc").target, { kind: "user", path: "libc", symbol: "malloc" });
  assert.deepEqual(read("/lib/libc.so.6:mal*"), {
    target: { kind: "user", path: "/lib/libc.so.6", symbol: "mal*" },
    pattern: true,
    note: '"/lib/libc.so.6:mal*" was taken for user:/lib/libc.so.6:mal*.',
  });
});

Deno.test("readTarget() refuses what is no function, with what would be", () => {
  for (
    const text of [
      "",
      "kprobe:vfs_read",
      "tracepoint:sched:sched_switch",
      "kernel:",
      "user:/bin/x",
      "a b",
      "syscall:a:b",
    ]
  ) {
    assert.throws(() => read(text), { name: "UsageError" }, text);
  }
});
