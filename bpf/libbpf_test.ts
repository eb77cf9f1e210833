import assert from "node:assert/strict";
import { UnsupportedError } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { compileC, outputOf } from "../tests/compile_c.ts";
import { skip } from "../tests/skip.ts";
import { readMap } from "./kernel/map.ts";
import { testRun } from "./kernel/program.ts";
import { openObject } from "./libbpf.ts";
import { LibbpfError, libbpfError } from "./libbpf_error.ts";
import { libbpfVersion } from "./libbpf_library.ts";
import { OPEN_OPTS } from "./libbpf_open_opts.ts";
import { openRing } from "./ring/ring_reader.ts";
import { compileBpf } from "./testing/compile_bpf.ts";
import { libbpfObstacle } from "./testing/libbpf_obstacle.ts";

const SOURCE = `
const volatile u32 factor = 3;
const volatile _Bool negative = 0;
const volatile u64 big = 0;
struct { int (*type)[27]; int (*max_entries)[4096]; } ring SEC(".maps");
struct { int (*type)[2]; int (*max_entries)[1]; u32 *key; u64 *value; } sums SEC(".maps");
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
SEC("raw_tp/sys_enter") int multiply(u64 *ctx)
{
	u64 record[2] = { ctx[1] * factor, big };
	u32 zero = 0;
	u64 *sum = lookup(&sums, &zero);
	output(&ring, record, sizeof(record), 1);
	if (sum)
		__sync_fetch_and_add(sum, record[0]);
	return negative ? -1 : record[0];
}
SEC("raw_tp/no_such_tracepoint") int nowhere(void *ctx) { return 0; }
SEC("fentry/no_such_function") int impossible(void *ctx) { return 0; }
`;

Deno.test("an object's constants, programs, maps and ring work, read by our own readers", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const bytes = await compileBpf(SOURCE);
  if (!bytes) return skip("clang is not installed");
  const use = (): void => {
    using object = openObject(bytes, { name: "test" });
    assert.deepEqual(object.programs.map((p) => [p.name, p.section, p.autoload]), [
      ["multiply", "raw_tp/sys_enter", true],
      ["nowhere", "raw_tp/no_such_tracepoint", true],
      ["impossible", "fentry/no_such_function", true],
    ]);
    // What cannot be loaded would take everything with it.
    object.program("impossible").autoload = false;
    object.setConstants({ factor: 7, big: 2n ** 64n - 1n });
    object.map("ring").setMaxEntries(65_536);
    object.load();
    assert.equal(object.map("ring").spec.maxEntries, 65_536);
    assert.equal(testRun(object.program("multiply").fd, BigUint64Array.of(0n, 6n)), 42);
    assert.equal(testRun(object.program("multiply").fd, BigUint64Array.of(0n, 2n)), 14);
    const { fd, spec } = object.map("sums");
    assert.deepEqual(spec, { name: "sums", type: "array", keyBytes: 4, valueBytes: 8, maxEntries: 1 });
    for (const { count, values } of readMap(fd, spec, 1)) {
      if (count > 0) assert.equal(new BigUint64Array(values.buffer)[0], 56n);
    }
    using ring = openRing(object.map("ring").fd, 65_536, openHost().pageSize);
    const seen: bigint[] = [];
    ring.drain((at, length) => seen.push(...new BigUint64Array(ring.bytes.slice(at, at + length).buffer)));
    assert.deepEqual(seen, [42n, 2n ** 64n - 1n, 14n, 2n ** 64n - 1n]);
    using _link = object.program("multiply").attach();
    assert.ok(_link.fd > 0);
    assert.throws(() => object.program("nowhere").attach(), (error) => {
      assert.ok(error instanceof LibbpfError);
      assert.match(error.message, /^attaching "nowhere" of "test" failed \(ENOENT\): prog 'nowhere': failed to attach/);
      return true;
    });
    using other = object.program("nowhere").attachRawTracepoint("sched_switch");
    assert.ok(other.fd > 0);
  };
  // The first time opens what stays open: libraries, the runtime's own files.
  use();
  const before = descriptors();
  use();
  assert.equal(descriptors(), before);
});

Deno.test("a failed load says why, and leaves no descriptor behind", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const bytes = await compileBpf(SOURCE);
  if (!bytes) return skip("clang is not installed");
  const before = descriptors();
  {
    using object = openObject(bytes, { name: "test" });
    assert.throws(() => object.load(), (error) => {
      assert.ok(error instanceof LibbpfError);
      assert.match(error.message, /^loading "test" failed \(\w+\): prog 'impossible': failed to find kernel BTF type/);
      assert.equal(error.refusedByVerifier, false);
      return true;
    });
  }
  assert.equal(descriptors(), before);
});

Deno.test("wrong constants, names and late uses are errors that tell what there is", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const bytes = await compileBpf(SOURCE);
  if (!bytes) return skip("clang is not installed");
  const object = openObject(bytes, { name: "test" });
  assert.throws(() => object.setConstants({ fctor: 1 }), /no constant "fctor"; it has: factor, negative, big/);
  assert.throws(() => object.setConstants({ factor: 2 ** 32 }), RangeError);
  assert.throws(() => object.setConstants({ factor: -1 }), RangeError);
  assert.throws(() => object.setConstants({ negative: 2 }), RangeError);
  assert.throws(() => object.program("x"), /no "x" as a program of "test"; there are: multiply, nowhere, impossible/);
  object[Symbol.dispose]();
  object[Symbol.dispose]();
  assert.throws(() => object.load(), /The object "test" is closed/);
  assert.throws(() => object.program("multiply").fd, /closed/);
});

Deno.test("the verifier's objection is one line, its whole log a field, however long it is", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const bytes = await compileBpf(`
SEC("raw_tp/sys_enter") int wrong(char *ctx)
{
	volatile u64 x[8];
#pragma unroll
	for (int i = 0; i < 2000; i++)
		x[i & 7] = i;
	return *(volatile int *)(ctx + 100000);
}`);
  if (!bytes) return skip("clang is not installed");
  using object = openObject(bytes, { name: "wrong" });
  assert.throws(() => object.load(), (error) => {
    assert.ok(error instanceof LibbpfError);
    assert.match(
      error.message,
      /^loading "wrong": the verifier refused the program: (?:invalid bpf_context access|dereference of modified ctx).* \(and \d{4,} more lines\)$/,
    );
    assert.equal(error.code, "EACCES");
    assert.ok(error.refusedByVerifier);
    // Longer than the room that a message gets at first.
    assert.ok(error.log.length > 64 * 1024, `${error.log.length}`);
    assert.match(error.log, /END PROG LOAD LOG --/);
    return true;
  });
});

Deno.test("a refusal does not repeat libbpf's hint about locked memory", () => {
  const log = [
    "prog 'f': BPF program load failed: Operation not permitted",
    "permission error while running as root; try raising 'ulimit -l'? current value: 8.0 MiB",
    "prog 'f': failed to load: -1",
    "failed to load object 'test'",
  ].join("\n");
  const error = libbpfError(`loading "test"`, -1, log);
  assert.equal(
    error.message,
    `loading "test" failed (EPERM): prog 'f': BPF program load failed: Operation not permitted (and 2 more lines)`,
  );
  assert.doesNotMatch(error.log, /ulimit/);
});

Deno.test("fields are resolved with a given BTF file; one that is not there is an error", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const bytes = await compileBpf(`
struct task_struct { int tgid; } __attribute__((preserve_access_index));
static void *(*current)(void) = (void *)35;
static long (*read)(void *to, u32 size, const void *from) = (void *)113;
SEC("raw_tp/sys_enter") int own(u64 *ctx)
{
	struct task_struct *task = current();
	int tgid = 0;
	read(&tgid, sizeof(tgid), __builtin_preserve_access_index(&task->tgid));
	return tgid;
}`);
  if (!bytes) return skip("clang is not installed");
  const btf = await Deno.makeTempFile();
  try {
    await Deno.writeFile(btf, await Deno.readFile(openHost().path("btf_vmlinux")));
    for (const options of [{ name: "own" }, { name: "own", btf }]) {
      using object = openObject(bytes, options);
      object.load();
      const tgid = testRun(object.program("own").fd, new BigUint64Array(2));
      if (openHost().processStatus(Deno.pid) && tgid !== Deno.pid) return skip("not in the initial pid namespace");
      assert.equal(tgid, Deno.pid);
    }
    using object = openObject(bytes, { name: "own", btf: "/no/such/btf" });
    assert.throws(() => object.load(), /loading "own" with the BTF file \/no\/such\/btf failed \(ENOENT\)/);
  } finally {
    await Deno.remove(btf);
  }
});

Deno.test("without libbpf there is one clear error, and what to install", () => {
  for (const use of [() => libbpfVersion("/no/libbpf.so.1"), openNothing]) {
    assert.throws(use, (error) => {
      assert.ok(error instanceof UnsupportedError);
      assert.match(error.message, /^libbpf is not installed, or cannot be loaded \(.*\/no\/libbpf\.so\.1/);
      assert.match(error.remedy, /apt-get install libbpf1/);
      return true;
    });
  }
  function openNothing(): void {
    openObject(new Uint8Array(8), { name: "x", library: "/no/libbpf.so.1" });
  }
});

Deno.test("what is no object is refused", () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  assert.throws(
    () => openObject(new Uint8Array(100), { name: "x" }),
    /opening "x" failed .* is not a proper ELF object/,
  );
  assert.throws(() => openObject(new Uint8Array(1), { name: "x" }), LibbpfError);
});

Deno.test("the options' struct has its members where libbpf's header has them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/probe.c`, "#include <bpf/libbpf.h>\n");
    const probe = await outputOf("gcc", ["-E", `${folder}/probe.c`]);
    if (!probe?.includes("bpf_object_open_opts")) return skip("gcc or libbpf's headers are not installed");
    const source = `
#include <stddef.h>
#include <stdio.h>
#include <bpf/libbpf.h>
int main(void) {
  printf("%zu %zu %zu", offsetof(struct bpf_object_open_opts, object_name),
    offsetof(struct bpf_object_open_opts, btf_custom_path), offsetof(struct bpf_object_open_opts, kernel_log_level));
}`;
    assert.ok(await compileC(source, `${folder}/offsets`));
    const [name, btf, last] = (await outputOf(`${folder}/offsets`, []))!.split(" ").map(Number);
    assert.deepEqual({ object_name: name, btf_custom_path: btf }, {
      object_name: OPEN_OPTS.object_name,
      btf_custom_path: OPEN_OPTS.btf_custom_path,
    });
    // In 1.1.2 the struct ends with kernel_log_level; in later versions there is more behind it.
    assert.equal(last + 8, OPEN_OPTS.size);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function descriptors(): number {
  return Array.from(Deno.readDirSync("/proc/self/fd")).length;
}
