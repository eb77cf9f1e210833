import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { openHost } from "../host/mod.ts";
import { codeMappings } from "./code_mapping.ts";
import { createSymbolisers, UNKNOWN } from "./symboliser.ts";

/** Says where its function lies, then waits for its end. */
const PROGRAM = `
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
__attribute__((noinline)) void marker(void) { __asm__ volatile("nop"); }
int main(void) {
  void *jit = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%lx %lx %d\\n", (long)marker, (long)jit, getpid());
  fflush(stdout);
  char c;
  return read(0, &c, 1) != 0;
}
`;

interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly marker: number;
  readonly jit: number;
}

/** @param wrap a command that ends up running the program */
async function start(path: string, wrap?: readonly string[]): Promise<Running> {
  const [command, ...args] = wrap ?? [path];
  const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
  const [marker, jit, pid] = text.trim().split(" ");
  return {
    pid: Number(pid),
    marker: parseInt(marker, 16),
    jit: parseInt(jit, 16),
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

async function withProgram(test: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(PROGRAM, `${dir}/prog`)) return skip("no gcc");
    await test(`${dir}/prog`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("userFrames() names a function of a running program, and says unknown with the module where there is none", () =>
  withProgram(async (path) => {
    await using program = await start(path);
    const host = openHost();
    const mappings = codeMappings(host.maps(program.pid));
    const symboliser = createSymbolisers(host).start();
    assert.deepEqual(symboliser.userFrames(program.pid, mappings, program.marker)[0], {
      function: "marker",
      module: path,
      file: `${path}.c`,
      line: 5,
      kind: "user",
    });
    const code = mappings.find((m) => m.path === path)!;
    assert.equal(symboliser.userFrames(program.pid, mappings, code.end - 1)[0].function, UNKNOWN);
    assert.equal(symboliser.userFrames(program.pid, mappings, code.end - 1)[0].module, path);
    assert.deepEqual(symboliser.userFrames(program.pid, mappings, 16)[0].module, "");
    assert.deepEqual(symboliser.userFrames(program.pid, mappings, program.jit)[0].module, "[anon]");
  }));

Deno.test("userFrames() names code of a file that was deleted or replaced while it runs", () =>
  withProgram(async (path) => {
    await using program = await start(path);
    await Deno.remove(path);
    await Deno.copyFile("/bin/true", path);
    const host = openHost();
    const mappings = codeMappings(host.maps(program.pid));
    const symboliser = createSymbolisers(host).start();
    assert.equal(symboliser.userFrames(program.pid, mappings, program.marker)[0].function, "marker");
    assert.deepEqual(symboliser.notes(), []);
  }));

Deno.test("userFrames() does not take names from another file that now has the path of one that ended", () =>
  withProgram(async (path) => {
    const host = openHost();
    let marker = 0, pid = 0, mappings: ReturnType<typeof codeMappings> = [];
    {
      await using program = await start(path);
      ({ marker, pid } = program);
      mappings = codeMappings(host.maps(pid));
    }
    assert.equal(createSymbolisers(host).start().userFrames(pid, mappings, marker)[0].function, "marker");
    await Deno.rename(path, `${path}.old`);
    await Deno.copyFile("/bin/true", path);
    const symboliser = createSymbolisers(host).start();
    assert.equal(symboliser.userFrames(pid, mappings, marker)[0].function, UNKNOWN);
    assert.match(symboliser.notes().join(), /replaced or deleted/);
  }));

Deno.test("userFrames() believes a perf map that belongs to the process's user, and no other", () =>
  withProgram(async (path) => {
    await using program = await start(path);
    const host = openHost();
    const mappings = codeMappings(host.maps(program.pid));
    const map = `/tmp/perf-${program.pid}.map`;
    const ask = () => createSymbolisers(host).start().userFrames(program.pid, mappings, program.jit + 8)[0];
    try {
      await Deno.writeTextFile(map, `${program.jit.toString(16)} 40 jitted()\n`);
      assert.deepEqual(ask(), {
        function: "jitted()",
        module: "[jit]",
        file: "",
        line: 0,
        kind: "interpreted",
      });
      if (Deno.uid() !== 0) return skip("giving a file away needs root");
      await Deno.chown(map, 12345, 12345);
      assert.equal(ask().function, UNKNOWN);
      await Deno.remove(map);
      await Deno.writeTextFile(`${path}.map`, `${program.jit.toString(16)} 40 linked()\n`);
      await Deno.symlink(`${path}.map`, map);
      assert.equal(ask().function, UNKNOWN);
    } finally {
      await Deno.remove(map);
    }
  }));

Deno.test("userFrames() finds files and perf maps of a process with its own mounts and process numbers", () =>
  withProgram(async (path) => {
    if (Deno.uid() !== 0) return skip("namespaces need root");
    const inside =
      `mount -t tmpfs none /mnt && mkdir /mnt/tmp && cp "$1" /mnt/inner && mount --bind /mnt/tmp /tmp && exec /mnt/inner`;
    const wrap = ["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", inside, "sh", path];
    const probe = await new Deno.Command("unshare", { args: ["-m", "-p", "-f", "true"] }).output().catch(() => null);
    if (!probe?.success) return skip("unshare is missing or refused");
    await using program = await start(path, wrap);
    const host = openHost();
    // The program told its number inside; from here it is the one whose file is called /mnt/inner.
    const pid = host.pids().find((p) => host.processStat(p)?.comm === "inner")!;
    assert.notEqual(pid, program.pid);
    const mappings = codeMappings(host.maps(pid));
    await Deno.writeTextFile(
      `/proc/${pid}/root/tmp/perf-${program.pid}.map`,
      `${program.jit.toString(16)} 40 jitted\n`,
    );
    const symboliser = createSymbolisers(host).start();
    assert.equal(symboliser.userFrames(pid, mappings, program.marker)[0].function, "marker");
    assert.equal(symboliser.userFrames(pid, mappings, program.marker)[0].module, "/mnt/inner");
    assert.equal(symboliser.userFrames(pid, mappings, program.jit + 1)[0].function, "jitted");
  }));

Deno.test("userFrames() tells inlined functions as frames of their own, with lines where asked for", async () => {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  try {
    const source = `
#include <stdio.h>
#include <unistd.h>
volatile int v;
static inline __attribute__((always_inline)) void inner(void) {
  v++;
}
static inline __attribute__((always_inline)) void middle(void) {
  inner();
}
__attribute__((noinline)) void outer(void) {
  middle();
}
int main(void) {
  outer();
  printf("%lx 0 %d\\n", (long)outer, getpid());
  fflush(stdout);
  char c;
  return read(0, &c, 1) != 0;
}
`;
    if (!await compileC(source, `${dir}/p`)) return skip("no gcc");
    await using program = await start(`${dir}/p`);
    const host = openHost();
    const mappings = codeMappings(host.maps(program.pid));
    const text = (lines: boolean, inlined = true): string[] => {
      const symboliser = createSymbolisers(host).start({ lines, inlined });
      const at = (a: number) =>
        symboliser.userFrames(program.pid, mappings, a).map((f) =>
          `${f.function} ${f.kind} ${f.file.split("/").at(-1)}:${f.line}`
        ).join(" > ");
      return [...new Set(Array.from({ length: 16 }, (_, i) => at(program.marker + i)))];
    };
    assert.ok(
      text(true).includes("outer user p.c:12 > middle inlined p.c:9 > inner inlined p.c:6"),
      text(true).join("\n"),
    );
    assert.ok(text(false).includes("outer user p.c:11 > middle inlined p.c:8 > inner inlined p.c:5"));
    assert.ok(text(false, false).every((t) => !t.includes(">")));
    // What was read keeps no file open, and serves when the process has ended.
    const symbolisers = createSymbolisers(host);
    symbolisers.start().userFrames(program.pid, mappings, program.marker);
    const before = [...Deno.readDirSync("/proc/self/fd")].length;
    symbolisers.start({ lines: true }).userFrames(program.pid, mappings, program.marker);
    assert.equal([...Deno.readDirSync("/proc/self/fd")].length, before);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("notes() say which flag turns on the names of a runtime's functions", async () => {
  const host = openHost();
  const cases = [
    {
      command: "node",
      args: ["-e", "console.log('0 0 ' + process.pid); process.stdin.resume()"],
      note: /node.*--perf-basic-prof/,
    },
    {
      command: Deno.execPath(),
      args: ["eval", "console.log('0 0 ' + Deno.pid); await Deno.stdin.read(new Uint8Array(1))"],
      note: /deno.*--perf-basic-prof/,
    },
  ];
  for (const { command, args, note } of cases) {
    if (command === "node" && await outputOf("node", ["--version"]) === null) {
      skip("no node");
      continue;
    }
    await using program = await start(command, [command, ...args]);
    const mappings = codeMappings(host.maps(program.pid));
    const jit = mappings.find((m) => m.path === "");
    assert.ok(jit, `${command} has no code in memory`);
    const symboliser = createSymbolisers(host).start();
    assert.equal(symboliser.userFrames(program.pid, mappings, jit.start)[0].function, UNKNOWN);
    assert.match(symboliser.notes().join("\n"), note);
  }
});

Deno.test("userFrames() names functions of the vdso", async () => {
  const host = openHost();
  const mappings = codeMappings(host.maps(Deno.pid));
  const vdso = mappings.find((m) => m.path === "[vdso]");
  if (!vdso) return skip("no vdso");
  const symboliser = createSymbolisers(host).start();
  const names = new Set<string>();
  for (let a = vdso.start; a < vdso.end; a += 16) names.add(symboliser.userFrames(Deno.pid, mappings, a)[0].function);
  assert.ok([...names].some((n) => n.includes("clock_gettime")), [...names].join());
  await Promise.resolve();
});

Deno.test("kernel() names a function at the address that kallsyms gives", async () => {
  const text = await outputOf("grep", ["-m1", " [tT] do_syscall_64$", "/proc/kallsyms"]);
  const hex = text?.match(/^([0-9a-f]{16})/)?.[1];
  if (!hex || /^0+$/.test(hex)) return skip("kernel symbols are hidden, or no do_syscall_64");
  const frame = createSymbolisers(openHost()).start().kernel(Number(BigInt.asIntN(64, BigInt(`0x${hex}`))) + 4);
  assert.equal(frame.function, "do_syscall_64");
  assert.equal(frame.module, "[kernel.kallsyms]");
  assert.equal(frame.kind, "kernel");
});
