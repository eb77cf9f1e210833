import assert from "node:assert/strict";
import { compileC } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { eventOfSyscall, openHost, syscallNames } from "../../host/mod.ts";
import { errnoName, errnoText } from "../../sys/mod.ts";
import { CALLS } from "./calls.ts";
import { FLAGS } from "./_flags.ts";
import { lineOf, specsOf } from "./_specs.ts";
import { VALUES } from "./_values.ts";

Deno.test("every line of the table of calls is of calls that exist, once, and all calls have one", () => {
  const known = new Set([...syscallNames("x86_64"), ...syscallNames("aarch64")]);
  const named = CALLS.trim().split("\n").flatMap((line) => line.slice(0, line.indexOf(":")).split(" "));
  assert.deepEqual(named.filter((name) => !known.has(name)), []);
  assert.deepEqual(named.filter((name, i) => named.indexOf(name) !== i), []);
  const gone = /^(_sysctl|\w*_module\w*|get_kernel_syms|getpmsg|putpmsg|afs_syscall|tuxcall|security|vserver|\w+_old)$/;
  assert.deepEqual([...known].filter((name) => lineOf(name) === undefined && !gone.test(name)), []);
});

Deno.test("no call is shown with more arguments than the kernel says it has, and raw ones with all of them", async () => {
  const host = openHost();
  const events = `${host.path("tracefs")}/events/syscalls`;
  let compared = 0;
  const specs = specsOf(Deno.build.arch);
  const wrong: string[] = [];
  for (let nr = 0; nr < 500; nr++) {
    const { open, kinds } = specs.get(nr);
    const name = open.slice(0, -1);
    const file = `${events}/sys_enter_${eventOfSyscall(name)}/format`;
    let format: string;
    try {
      format = await Deno.readTextFile(file);
    } catch {
      continue;
    }
    const fields = format.split("\n").filter((line) => line.includes("field:")).length - 5;
    const shown = kinds.length;
    const raw = /^(raw ?)+$/.test(lineOf(name) ?? "");
    compared++;
    if (raw ? shown !== fields : shown > fields) wrong.push(`${name}: ${shown} of ${fields}`);
  }
  if (compared === 0) return skip("no tracefs to compare with: not root, or not mounted");
  assert.deepEqual(wrong, []);
  assert.ok(compared > 250, `only ${compared} calls`);
});

const HEADERS = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <net/if.h>
#include <asm/termbits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/fiemap.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/module.h>
#include <linux/futex.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stdio.h>
`;

Deno.test("names of flags and values have the values of the kernel's headers", async () => {
  if (Deno.build.arch !== "x86_64") return skip("some of the headers' values are of x86-64");
  const wanted = new Map<string, number>();
  for (const [table, text] of [...Object.entries(FLAGS), ...Object.entries(VALUES)]) {
    if (table.endsWith("_aarch64")) continue;
    for (const word of text.trim().split(/\s+/)) {
      const [name, value] = word.split("=");
      if (/^\w+$/.test(name) && value !== undefined) wanted.set(name, parseInt(value, 16));
    }
  }
  const directory = await Deno.makeTempDir({ prefix: "sonde_tables_" });
  try {
    const names = [...wanted.keys()];
    const program = (known: readonly string[]): string =>
      `${HEADERS}int main(void) {\n${
        known.map((n) => `printf("${n} %llu\\n", (unsigned long long)(unsigned)(${n}));`).join("\n")
      }\n}\n`;
    const known = await declared(directory, names, program);
    if (known === null) return skip("gcc is not installed");
    assert.ok(known.length > 900, `only ${known.length} of ${names.length} names are in these headers`);
    await compileC(program(known), `${directory}/values`, ["-w"]);
    const { stdout } = await new Deno.Command(`${directory}/values`).output();
    const wrong: string[] = [];
    for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
      const [name, value] = line.split(" ");
      if (wanted.get(name) !== Number(value) && !DIFFERENT_IN_LIBC.has(name)) {
        wrong.push(`${name} is ${value}, here ${wanted.get(name)}`);
      }
    }
    assert.deepEqual(wrong, []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** glibc defines these for itself otherwise: the first is 0 where all files are large, the others its own numbers. */
const DIFFERENT_IN_LIBC = new Set(["O_LARGEFILE", "__O_TMPFILE", "F_GETLK64", "F_SETLK64", "F_SETLKW64", "SIGRTMIN"]);

/** Those of the names that these headers declare. */
async function declared(
  directory: string,
  names: readonly string[],
  program: (known: readonly string[]) => string,
): Promise<readonly string[] | null> {
  const path = `${directory}/names.c`;
  let known = names;
  for (let round = 0; round < 4; round++) {
    await Deno.writeTextFile(path, program(known));
    try {
      const { success, stderr } = await new Deno.Command("gcc", {
        args: ["-w", "-fsyntax-only", path],
        env: { LC_ALL: "C" },
        stderr: "piped",
      }).output();
      if (success) return known;
      const missing = new Set(
        [...new TextDecoder().decode(stderr).matchAll(/'(\w+)' undeclared/g)].map((match) => match[1]),
      );
      if (missing.size === 0) throw new Error(new TextDecoder().decode(stderr).slice(0, 2000));
      known = known.filter((name) => !missing.has(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }
  throw new Error("gcc finds new names each time");
}

Deno.test("errors have the words of glibc's strerror", async () => {
  const directory = await Deno.makeTempDir({ prefix: "sonde_errno_" });
  try {
    const source = "#include <stdio.h>\n#include <string.h>\n" +
      'int main(void) { for (int i = 1; i < 140; i++) printf("%s\\n", strerror(i)); }\n';
    if (!await compileC(source, `${directory}/words`)) return skip("gcc is not installed");
    const { stdout } = await new Deno.Command(`${directory}/words`, { env: { LC_ALL: "C" } }).output();
    const words = new TextDecoder().decode(stdout).trim().split("\n");
    assert.deepEqual(words.map((_, i) => errnoText(i + 1)), words);
    assert.equal(errnoName(2), "ENOENT");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("numbers of system calls are those of the headers of both architectures", async () => {
  const specs = { x86_64: specsOf("x86_64"), aarch64: specsOf("aarch64") };
  let compared = 0;
  for (const [arch, compiler] of [["x86_64", "x86_64-linux-gnu-gcc"], ["aarch64", "aarch64-linux-gnu-gcc"]] as const) {
    const path = await Deno.makeTempFile({ suffix: ".c" });
    try {
      await Deno.writeTextFile(path, "#include <asm/unistd.h>\n");
      const { stdout, success } = await new Deno.Command(compiler, { args: ["-E", "-dM", path] }).output();
      if (!success) continue;
      const defined = new Map(
        [...new TextDecoder().decode(stdout).matchAll(/^#define (__NR\w*) (\w+)$/gm)].map((m) => [m[1], m[2]]),
      );
      for (const [key, value] of defined) {
        const name = key.match(/^__NR_(\w+)$/)?.[1];
        const number = Number(defined.get(value) ?? value);
        if (name === undefined || !Number.isInteger(number) || /^(syscalls|arch_specific_syscall)$/.test(name)) {
          continue;
        }
        const alias = { fstatat: "newfstatat" } as Record<string, string>;
        assert.equal(specs[arch].get(number).open, `${alias[name] ?? name}(`, `${arch} ${number}`);
        compared++;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log(`SKIPPED: ${compiler} is not installed`);
    } finally {
      await Deno.remove(path);
    }
  }
  if (compared > 0) assert.ok(compared > 280, `only ${compared} calls`);
});
