import assert from "node:assert/strict";
import { syscallNumber } from "../../core/host/syscall_name.ts";
import { syscallBelow } from "./syscall_below.ts";

const isSyscall = (name: string): boolean => syscallNumber(name) !== null;

Deno.test("syscallBelow() knows entries of system calls from functions that they mostly call, and names no other", () => {
  const cases: readonly [string, string | null, boolean?][] = [
    ["__x64_sys_read", "read", true],
    ["__do_sys_fsync", "fsync", true],
    ["ksys_read", "read", true],
    ["sys_close", "close", true],
    ["vfs_read", "read", false],
    ["do_futex", "futex", false],
    ["do_exit", "exit_group", false],
    ["__x64_sys_nothing", null],
    ["vfs_nothing", null],
    ["tcp_rcv_established", null],
    ["constructor", null],
  ];
  for (const [symbol, name, same = false] of cases) {
    assert.deepEqual(syscallBelow(symbol, isSyscall), name === null ? null : { names: [name], same }, symbol);
  }
  assert.ok(syscallBelow("do_sys_openat2", isSyscall)?.names.includes("openat"));
});
