import assert from "node:assert/strict";
import { syscallNames, syscallNumber } from "../../host/mod.ts";
import { madeUp, Memory, shown } from "./_made_up.ts";
import { createDecoder } from "./mod.ts";

Deno.test("a decoder shows strings, flags, results and errors as strace does", () => {
  const m = new Memory();
  const path = m.text("/etc/passwd");
  assert.equal(
    shown(m, "openat", [-100, path, 0x80000], 3, { column: 0 }),
    'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
  );
  assert.equal(
    shown(m, "openat", [-100, path, 0x241, 0o644], -2),
    'openat(AT_FDCWD, "/etc/passwd", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)',
  );
  assert.equal(shown(m, "close", [3], 0, { column: 0 }), "close(3)                                = 0");
  assert.equal(shown(m, "read", [3, path, 4], 4), 'read(3, "/etc", 4) = 4');
  assert.equal(
    shown(m, "read", [3, path, 4], -512),
    "read(3, 0x1000, 4) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
  );
  assert.equal(
    shown(m, "mmap", [0, 4096, 3, 0x22, -1, 0], 0x7f00_0000_0000n),
    "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
  );
});

Deno.test("arguments known at exit only end the entry's text", () => {
  const m = new Memory();
  const decoder = createDecoder(m, { arch: "x86_64" });
  const buffer = m.text("abc");
  const read = madeUp(0, [3, buffer, 100], 3);
  assert.equal(decoder.entry(read), "read(3, ");
  assert.equal(decoder.exit(read), '"abc", 100) = 3');
  const uname = madeUp(63, [0], -14);
  assert.equal(decoder.entry(uname), "uname(");
  assert.equal(decoder.exit(uname), "NULL) = -1 EFAULT (Bad address)");
  const exit = madeUp(231, [1], 0);
  const text = decoder.entry(exit);
  assert.equal(text + decoder.unfinished(text.length), "exit_group(1)                           = ?");
});

Deno.test("the length before accept is kept for each thread until its exit", () => {
  const m = new Memory();
  const decoder = createDecoder(m, { arch: "x86_64" });
  const address = m.put(Uint8Array.of(2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0));
  const length = m.put(Uint8Array.of(128, 0, 0, 0));
  const one = { ...madeUp(43, [3, address, length], 4), tid: 1 };
  const two = { ...madeUp(43, [3, address, length], 5), tid: 2 };
  assert.equal(decoder.entry(one), "accept(3, ");
  m.parts[1].bytes[0] = 16;
  assert.equal(decoder.entry(two), "accept(3, ");
  const peer = '{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}';
  assert.equal(decoder.exit(two), `${peer}, [16]) = 5`);
  assert.equal(decoder.exit(one), `${peer}, [128 => 16]) = 4`);
});

Deno.test("descriptors have their paths, escaped, when paths are asked for", () => {
  const m = new Memory();
  const fdPath = (_: number, fd: number): string | null =>
    fd === 3 ? "/tmp/a\x1b[31m<b>" : fd === -100 ? "/home" : null;
  assert.equal(shown(m, "close", [3], 0, { fdPath }), "close(3</tmp/a\\33[31m\\74b\\76>) = 0");
  assert.equal(shown(m, "close", [4], 0, { fdPath }), "close(4) = 0");
  assert.equal(
    shown(m, "openat", [-100, m.text("x"), 0], 3, { fdPath }),
    'openat(AT_FDCWD</home>, "x", O_RDONLY) = 3</tmp/a\\33[31m\\74b\\76>',
  );
  assert.equal(shown(m, "dup2", [3, 4], 3, { fdPath }).match(/<tmp/), null);
});

Deno.test("strings end at the limit, paths do not, and unmapped memory shows as an address", () => {
  const m = new Memory();
  const long = m.text("x".repeat(300));
  assert.equal(shown(m, "memfd_create", [long, 0], 3), `memfd_create("${"x".repeat(32)}"..., 0) = 3`);
  assert.equal(shown(m, "memfd_create", [long, 0], 3, { stringLimit: 2 }), 'memfd_create("xx"..., 0) = 3');
  assert.equal(shown(m, "memfd_create", [long, 0], 3, { stringLimit: 0 }), 'memfd_create(""..., 0) = 3');
  assert.equal(shown(m, "chdir", [long], 0), `chdir("${"x".repeat(300)}") = 0`);
  assert.equal(shown(m, "chdir", [m.put(new Uint8Array(5000).fill(97))], -36).length, 4095 + 51);
  assert.equal(shown(m, "chdir", [0xdead_0000], -14), "chdir(0xdead0000) = -1 EFAULT (Bad address)");
  assert.equal(shown(m, "chdir", [0xffff_8000_0000_0000n], -14), "chdir(0xffff800000000000) = -1 EFAULT (Bad address)");
});

Deno.test("words of 64 bits are exact", () => {
  const m = new Memory();
  assert.equal(shown(m, "lseek", [3, -5n, 0], -22), "lseek(3, -5, SEEK_SET) = -1 EINVAL (Invalid argument)");
  assert.equal(
    shown(m, "lseek", [3, 2n ** 62n + 1n, 0], 2n ** 62n + 1n),
    "lseek(3, 4611686018427387905, SEEK_SET) = 4611686018427387905",
  );
  assert.equal(shown(m, "ftruncate", [3, -(2n ** 63n)], 0), "ftruncate(3, -9223372036854775808) = 0");
  assert.equal(
    shown(m, "munmap", [0x7fff_ffff_f000n, 2n ** 64n - 1n], 0),
    "munmap(0x7ffffffff000, 18446744073709551615) = 0",
  );
});

Deno.test("calls without a line in the table, and numbers without a name, are shown with raw words", () => {
  const m = new Memory();
  assert.equal(shown(m, "keyctl", [1, 2, 3, 4, 5], 0), "keyctl(0x1, 0x2, 0x3, 0x4, 0x5) = 0");
  const decoder = createDecoder(m, { arch: "x86_64" });
  const call = madeUp(9999, [1, 0, 0, 0, 0, -1], -38);
  assert.equal(
    decoder.entry(call) + decoder.exit(call),
    "syscall_9999(0x1, 0, 0, 0, 0, 0xffffffffffffffff) = -1 ENOSYS (Function not implemented)",
  );
});

Deno.test("aarch64 has its own numbers, order of clone's arguments, open flags and structs", () => {
  const m = new Memory();
  const options = { arch: "aarch64" };
  for (const name of ["open", "stat", "fork", "pipe", "dup2", "poll", "select", "mkdir", "access", "epoll_wait"]) {
    assert.equal(syscallNumber(name, "aarch64"), null, name);
  }
  assert.equal(syscallNumber("openat", "aarch64"), 56);
  const VM_SETTLS_CLEARTID = 0x100 | 0x8_0000 | 0x20_0000;
  const clone = [VM_SETTLS_CLEARTID | 17, 0x5000, 0, 0x7000, 0x8000];
  assert.equal(
    shown(m, "clone", clone, 9, options),
    "clone(child_stack=0x5000, flags=CLONE_VM|CLONE_SETTLS|CLONE_CHILD_CLEARTID|SIGCHLD, tls=0x7000, child_tidptr=0x8000) = 9",
  );
  assert.equal(
    shown(m, "clone", clone, 9, { arch: "x86_64" }),
    "clone(child_stack=0x5000, flags=CLONE_VM|CLONE_SETTLS|CLONE_CHILD_CLEARTID|SIGCHLD, tls=0x8000, child_tidptr=0x7000) = 9",
  );
  const path = m.text("x");
  assert.equal(shown(m, "openat", [-100, path, 0x4000], 3, options), 'openat(AT_FDCWD, "x", O_RDONLY|O_DIRECTORY) = 3');
  assert.equal(shown(m, "openat", [-100, path, 0x4000], 3), 'openat(AT_FDCWD, "x", O_RDONLY|O_DIRECT) = 3');
  // struct stat of asm-generic: mode at 16, where x86-64 has the number of links.
  const stat = new Uint8Array(144);
  new DataView(stat.buffer).setUint32(16, 0o100644, true);
  new DataView(stat.buffer).setUint32(24, 0o040755, true);
  new DataView(stat.buffer).setUint32(48, 77, true);
  const at = m.put(stat);
  assert.equal(shown(m, "fstat", [3, at], 0, options), "fstat(3, {st_mode=S_IFREG|0644, st_size=77, ...}) = 0");
  assert.equal(shown(m, "fstat", [3, at], 0), "fstat(3, {st_mode=S_IFDIR|0755, st_size=77, ...}) = 0");
  // struct epoll_event is packed on x86-64 only.
  const event = m.put(Uint8Array.of(1, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0));
  const control = [4, 1, 3, event];
  assert.equal(
    shown(m, "epoll_ctl", control, 0, options),
    "epoll_ctl(4, EPOLL_CTL_ADD, 3, {events=EPOLLIN, data={u32=6, u64=6}}) = 0",
  );
  assert.equal(
    shown(m, "epoll_ctl", control, 0),
    "epoll_ctl(4, EPOLL_CTL_ADD, 3, {events=EPOLLIN, data={u32=5, u64=25769803781}}) = 0",
  );
});

Deno.test("whatever registers and memory hold, text is made of it, of limited length and without control bytes", () => {
  // xorshift32: the same calls every time.
  let seed = 12345;
  const random = (below: number): number => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % below;
  };
  const bytes = new Uint8Array(65536);
  const memory = {
    read: (_: number, address: number, length: number) => {
      // Memory of a kind by the address: none, random bytes, small words, letters; mostly a page short.
      const kind = address % 5, end = random(4) === 0 ? random(length + 1) : length;
      for (let i = 0; i < end; i++) {
        bytes[i] = kind === 1
          ? random(256)
          : kind === 2
          ? (i % 8 === 0 ? random(40) : 0)
          : kind === 3
          ? 65 + i % 26
          : i % 16 < 8
          ? 255
          : random(4);
      }
      return kind === 0 ? bytes.subarray(0, 0) : bytes.subarray(0, end);
    },
  };
  const fdPath = (): string => "\x1b]0;\x07\n\u202e";
  for (const arch of ["x86_64", "aarch64"]) {
    const numbers = syscallNames(arch).map((name) => syscallNumber(name, arch)!);
    for (const options of [{ arch }, { arch, fdPath, stringLimit: 8 }]) {
      const decoder = createDecoder(memory, options);
      for (let round = 0; round < 5; round++) {
        for (const nr of [...numbers, -1, 100_000]) {
          const args = Array.from({ length: 6 }, () => {
            switch (random(5)) {
              case 0:
                return BigInt(random(40));
              case 1:
                return BigInt(random(2 ** 32)) << 32n | BigInt(random(2 ** 32));
              case 2:
                return -BigInt(random(200));
              case 3:
                return 1n << BigInt(random(64));
              default:
                return 0x7f00_0000_0000n + BigInt(random(1e6));
            }
          });
          const result = random(3) === 0
            ? -random(5000) - 1
            : random(2) === 0
            ? random(70_000)
            : BigInt(random(2 ** 32)) << 20n;
          const call = madeUp(nr, args, result);
          const text = decoder.entry(call) + decoder.exit(call, random(100));
          assert.match(text, /^[\x20-\x7e]+$/);
          assert.ok(text.length < 150_000, `${text.length} characters: ${text.slice(0, 200)}`);
        }
      }
    }
  }
});
