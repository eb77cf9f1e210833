import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import * as fc from "fast-check";
import { skip } from "../../tests/skip.ts";
import {
  bytesAddress,
  call,
  CAP,
  check,
  childrenCpuNs,
  CLOCK,
  clockNs,
  clockNsBig,
  cString,
  effectiveCapabilities,
  errnoName,
  eventFd,
  getAffinity,
  getpid,
  gettid,
  hasCapability,
  ioctl,
  ioctlBytes,
  kill,
  MAP,
  memfd,
  mmapAnonymous,
  mmapFd,
  NR,
  O,
  open,
  ownCpuNs,
  ownFd,
  pidfdOpen,
  pipe,
  POLL,
  poll,
  pollAsync,
  prctl,
  pread,
  PROT,
  read,
  readFileInto,
  setAffinity,
  syscall,
  syscall64,
  SysError,
  uname,
  write,
} from "./mod.ts";

const openFds = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (s: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(s);

Deno.test("getpid and gettid answer what Deno and /proc say", () => {
  assert.equal(getpid(), Deno.pid);
  assert.equal(syscall(NR.getpid), Deno.pid);
  assert.ok([...Deno.readDirSync("/proc/self/task")].some((entry) => entry.name === String(gettid())));
});

Deno.test("a refused call answers -errno, and check makes it a SysError with name, call and subject", () => {
  assert.equal(syscall(NR.close, -1), -9);
  assert.equal(syscall(100_000), -38);
  assert.throws(() => open("/does/not/exist"), {
    name: "SysError",
    errno: 2,
    code: "ENOENT",
    call: "openat",
    message: 'openat on "/does/not/exist" failed: ENOENT',
  });
  assert.throws(() => check(-1, "bpf"), (error: SysError) => error.remedy.includes("CAP_BPF"));
  assert.equal(check(7, "anything"), 7);
});

Deno.test("errnoName agrees with the kernel's headers", () => {
  const headers = ["errno-base.h", "errno.h"].map((name) => `/usr/include/asm-generic/${name}`);
  if (!headers.every(existsSync)) return skip("kernel headers are not installed (linux-libc-dev)");
  let count = 0;
  for (const path of headers) {
    for (const [, name, number] of Deno.readTextFileSync(path).matchAll(/^#define\s+(E\w+)\s+(\d+)/gm)) {
      assert.equal(errnoName(Number(number)), name);
      count++;
    }
  }
  assert.ok(count > 130);
});

Deno.test("errnoName takes any number", () => {
  assert.equal(errnoName(-1), "EPERM");
  assert.equal(errnoName(41), "errno 41");
  assert.equal(errnoName(999), "errno 999");
});

Deno.test("all six arguments reach the kernel in their places", () => {
  // pwrite64 takes four, mmap six: a page of a file at an offset, mapped and compared.
  using file = memfd("six");
  check(syscall(NR.ftruncate, file.fd, 8192), "ftruncate");
  const word = bytes("hello");
  assert.equal(call(NR.pwrite64, [file.fd, bytesAddress(word), 5, 4096], [word]), 5);
  using page = mmapFd(file.fd, 4096, PROT.READ | PROT.WRITE, MAP.SHARED, 4096);
  assert.equal(text(page.bytes.subarray(0, 5)), "hello");
  page.bytes[0] = "j".charCodeAt(0);
  const back = new Uint8Array(5);
  assert.equal(pread(file.fd, back, 4096), 5);
  assert.equal(text(back), "jello");
});

Deno.test("64-bit arguments keep every bit, signed or not", () => {
  using file = memfd("big");
  const SEEK_SET = 0;
  assert.equal(syscall64(NR.lseek, file.fd, 0x7fff_ffff_ffff_f000n, SEEK_SET), 0x7fff_ffff_ffff_f000n);
  assert.equal(syscall(NR.lseek, file.fd, -1, SEEK_SET), -22);
  assert.equal(syscall64(NR.lseek, file.fd, 0xffff_ffff_ffff_ffffn, SEEK_SET), -22n);
});

Deno.test("owners close descriptors once, and none leaks", () => {
  const before = openFds();
  {
    using a = open("/dev/null", O.RDWR);
    using b = memfd("leak");
    using ends = pipeOwner();
    using event = eventFd();
    using child = pidfdOpen(Deno.pid);
    assert.ok([a.fd, b.fd, event.fd, child.fd, ends.fd].every((fd) => fd > 2));
    assert.ok(openFds() >= before + 6);
  }
  assert.equal(openFds(), before);
  const twice = open("/dev/null");
  const number = twice.fd;
  twice[Symbol.dispose]();
  assert.equal(twice.fd, -1);
  // The number now belongs to somebody else: a second dispose must not close it.
  using other = open("/dev/null");
  assert.equal(other.fd, number);
  twice[Symbol.dispose]();
  const TCGETS = 0x5401;
  assert.equal(ioctlBytes(other.fd, TCGETS, new Uint8Array(64)), -25, "open, but no terminal");
  assert.equal(openFds(), before + 1);
});

function pipeOwner(): { fd: number } & Disposable {
  const { reader, writer } = pipe();
  return {
    fd: reader.fd,
    [Symbol.dispose](): void {
      reader[Symbol.dispose]();
      writer[Symbol.dispose]();
    },
  };
}

Deno.test("descriptors do not survive an exec", () => {
  using a = open("/dev/null");
  using b = memfd("exec");
  using c = eventFd();
  const seen = execFileSync("ls", ["/proc/self/fd"], { encoding: "utf8" }).split("\n");
  for (const { fd } of [a, b, c]) assert.ok(!seen.includes(String(fd)));
});

Deno.test("a mapping's memory is real, works with Atomics, and is detached before it goes", () => {
  const mapping = mmapAnonymous(1 << 16);
  const words = new Int32Array(mapping.buffer);
  assert.equal(Atomics.add(words, 5, 7), 0);
  assert.equal(mapping.bytes[20], 7);
  const maps = Deno.readTextFileSync("/proc/self/maps");
  const inside = maps.split("\n").some((line) => {
    const [low, high] = line.split(" ")[0].split("-").map((hex) => BigInt(`0x${hex || 0}`));
    return low <= mapping.address && mapping.address + 65536n <= high;
  });
  assert.ok(inside);
  mapping[Symbol.dispose]();
  assert.equal(mapping.buffer.byteLength, 0);
  assert.equal(words[5], undefined);
  mapping[Symbol.dispose]();
});

Deno.test("mmap refused is a SysError, not an address", () => {
  assert.throws(() => mmapFd(-1, 4096, PROT.READ, MAP.SHARED), { code: "EBADF" });
});

Deno.test("bytesAddress stays right for small arrays and subarrays while the collector moves things", () => {
  const small = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  const address = bytesAddress(small);
  let garbage: unknown[] = [];
  for (let i = 0; i < 200_000; i++) garbage.push({ i });
  garbage = [];
  const { reader, writer } = pipe();
  assert.equal(call(NR.write, [writer.fd, address + 2n, 3], [small]), 3);
  const back = new Uint8Array(8);
  assert.equal(read(reader.fd, back), 3);
  assert.deepEqual([...back.subarray(0, 3)], [3, 4, 5]);
  assert.equal(bytesAddress(small.subarray(2)), address + 2n);
  reader[Symbol.dispose]();
  writer[Symbol.dispose]();
});

Deno.test("a struct of addresses reads right under collection: 20,000 vectored writes", () => {
  const { reader, writer } = pipe();
  const into = new Uint8Array(64);
  for (let i = 0; i < 20_000; i++) {
    const parts = [bytes(`a${i}`), bytes(`b${i}`), new Uint8Array(new ArrayBuffer(256)).fill(120)];
    const iovec = new BigUint64Array(4);
    iovec[0] = bytesAddress(parts[0]);
    iovec[1] = BigInt(parts[0].length);
    iovec[2] = bytesAddress(parts[1]);
    iovec[3] = BigInt(parts[1].length);
    const writev = Deno.build.arch === "aarch64" ? 66 : 20;
    call(writev, [writer.fd, bytesAddress(iovec), 2], [iovec, ...parts]);
    assert.equal(text(into.subarray(0, read(reader.fd, into))), `a${i}b${i}`);
  }
  reader[Symbol.dispose]();
  writer[Symbol.dispose]();
});

Deno.test("files are read whole, also in pieces; a full buffer and a missing file are told apart", () => {
  const into = new Uint8Array(65536);
  const n = readFileInto("/proc/self/maps", into);
  assert.ok(n > 4096, "the kernel answers this file a page at a time");
  assert.match(text(into.subarray(0, n)), /\[stack\]\n[^]*\n$|\[stack\]\n$/);
  assert.equal(readFileInto("/proc/self/maps", new Uint8Array(10)), 10);
  assert.equal(readFileInto("/nope", into), -2);
  assert.throws(() => cString("/etc/passwd\0.txt"), TypeError);
});

Deno.test("bytes written come back, for any bytes", () => {
  const { reader, writer } = pipe();
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 4096 }), (data) => {
    assert.equal(write(writer.fd, new Uint8Array(data)), data.length);
    const back = new Uint8Array(4096);
    assert.equal(read(reader.fd, back), data.length);
    assert.deepEqual(back.subarray(0, data.length), new Uint8Array(data));
  }));
  reader[Symbol.dispose]();
  writer[Symbol.dispose]();
});

Deno.test("ioctl hands numbers and buffers over", () => {
  const { reader, writer } = pipe();
  write(writer.fd, bytes("12345"));
  const FIONREAD = 0x541b;
  const count = new Int32Array(1);
  assert.equal(ioctlBytes(reader.fd, FIONREAD, count), 0);
  assert.equal(count[0], 5);
  const TCFLSH = 0x540b;
  assert.equal(ioctl(reader.fd, TCFLSH, 2), -25);
  // ENOTTY; ENOSYS where a processor is emulated.
  assert.ok([-25, -38].includes(ioctl(reader.fd, 0xffff_ffff, 5)));
  reader[Symbol.dispose]();
  writer[Symbol.dispose]();
});

Deno.test("poll tells readable, hung-up and silent descriptors apart", () => {
  const { reader, writer } = pipe();
  using silent = eventFd();
  assert.deepEqual(poll([reader, silent], 0), [0, 0]);
  write(writer.fd, bytes("x"));
  assert.deepEqual(poll([reader, silent, { fd: writer.fd, events: POLL.OUT }], 1000), [POLL.IN, 0, POLL.OUT]);
  writer[Symbol.dispose]();
  assert.deepEqual(poll([reader], Infinity), [POLL.IN | POLL.HUP]);
  assert.deepEqual(poll([{ fd: 12345 }], 0), [POLL.NVAL]);
  assert.deepEqual(poll([], 0), []);
  reader[Symbol.dispose]();
});

Deno.test("pollAsync leaves the thread free and wakes on data", async () => {
  const { reader, writer } = pipe();
  const waiting = pollAsync([reader], Infinity);
  write(writer.fd, bytes("x"));
  assert.deepEqual(await waiting, [POLL.IN]);
  assert.deepEqual(await pollAsync([{ fd: writer.fd, events: 0 }], 1), [0]);
  reader[Symbol.dispose]();
  writer[Symbol.dispose]();
});

Deno.test("pollAsync ends on its signal and leaks nothing", async () => {
  const { reader, writer } = pipe();
  const before = openFds();
  const abort = new AbortController();
  const waiting = pollAsync([reader], Infinity, abort.signal);
  abort.abort();
  assert.deepEqual(await waiting, [0]);
  assert.deepEqual(await pollAsync([reader], Infinity, abort.signal), [0]);
  assert.equal(openFds(), before);
  reader[Symbol.dispose]();
  writer[Symbol.dispose]();
});

Deno.test("pollAsync of a pidfd tells that a process has ended", async () => {
  const child = new Deno.Command("cat", { stdin: "piped" }).spawn();
  using pidfd = pidfdOpen(child.pid);
  assert.deepEqual(poll([pidfd], 0), [0]);
  assert.equal(kill(child.pid, 0), 0);
  await child.stdin.close();
  // Hung up too, once the child was waited for.
  assert.equal((await pollAsync([pidfd], Infinity))[0] & POLL.IN, POLL.IN);
  await child.status;
  assert.throws(() => pidfdOpen(child.pid), { code: "ESRCH" });
});

Deno.test("an event descriptor can be cleared and signalled again", () => {
  using event = eventFd();
  event.clear();
  event.signal();
  event.signal();
  assert.deepEqual(poll([event], 0), [POLL.IN]);
  event.clear();
  assert.deepEqual(poll([event], 0), [0]);
});

Deno.test("clocks agree with Deno's and with each other", () => {
  const realtime = clockNs(CLOCK.REALTIME) / 1e6;
  assert.ok(Math.abs(realtime - Date.now()) < 1000);
  const low = clockNsBig();
  const middle = BigInt(clockNs());
  const high = clockNsBig();
  assert.ok(low <= middle && middle <= high);
  assert.throws(() => clockNs(1000), { code: "EINVAL" });
});

Deno.test("own and children's CPU time agree with getrusage as Node tells it", () => {
  const { user, system } = process.cpuUsage();
  assert.ok(Math.abs(ownCpuNs() / 1e3 - (user + system)) < 100_000);
  const before = childrenCpuNs();
  execFileSync("sh", ["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"]);
  const used = childrenCpuNs() - before;
  assert.ok(used > 0 && used < 30e9);
});

Deno.test("affinity agrees with taskset and can be set", () => {
  const cpus = getAffinity(0);
  assert.deepEqual(getAffinity(Deno.pid), cpus);
  setAffinity(0, [cpus[0]]);
  assert.deepEqual(getAffinity(0), [cpus[0]]);
  setAffinity(0, cpus);
  const list = execFileSync("taskset", ["-pc", String(Deno.pid)], { encoding: "utf8" }).split(": ")[1].trim();
  assert.deepEqual(
    cpus,
    list.split(",").flatMap((range) => {
      const [low, high = low] = range.split("-").map(Number);
      return Array.from({ length: high - low + 1 }, (_, i) => low + i);
    }),
  );
  assert.throws(() => getAffinity(0x7fff_fff0), { code: "ESRCH" });
});

Deno.test("capabilities, kernel release and prctl agree with /proc and uname", () => {
  const line = Deno.readTextFileSync("/proc/self/status").match(/^CapEff:\s*(\w+)/m)?.[1];
  assert.equal(effectiveCapabilities(), BigInt(`0x${line}`));
  assert.equal(hasCapability(CAP.SYS_ADMIN), (BigInt(`0x${line}`) >> 21n & 1n) === 1n);
  const names = uname();
  assert.equal(names.release, execFileSync("uname", ["-r"], { encoding: "utf8" }).trim());
  assert.equal(names.machine, Deno.build.arch);
  const PR_GET_DUMPABLE = 3;
  assert.ok([0, 1, 2].includes(prctl(PR_GET_DUMPABLE)));
});

Deno.test("a million calls under collection neither fail nor mix up their answers", () => {
  const pid = getpid();
  const tid = gettid();
  using zero = open("/dev/zero");
  let garbage: unknown[] = [];
  let seed = 1;
  for (let i = 0; i < 1_000_000; i++) {
    seed = Math.imul(seed, 1103515245) + 12345 >>> 0;
    const choice = seed >>> 16 & 7;
    if (choice < 3) assert.ok(getpid() === pid);
    else if (choice < 5) assert.ok(syscall(NR.gettid) === tid);
    else if (choice === 5) assert.ok(syscall(NR.close, -1n) === -9);
    else if (choice === 6) {
      const into = new Uint8Array(1 + (seed & 127)).fill(1);
      assert.ok(read(zero.fd, into) === into.length && into[into.length - 1] === 0);
    } else garbage.push([seed]);
    if (garbage.length > 20_000) garbage = [];
  }
});

Deno.test("ownFd takes over a raw descriptor", () => {
  const raw = Number(syscall64(NR.eventfd2, 0, 0));
  const before = openFds();
  ownFd(raw)[Symbol.dispose]();
  assert.equal(openFds(), before - 1);
});
