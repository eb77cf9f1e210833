import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { compileC, outputOf } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { decodeCalls } from "./decode_calls.ts";

/** The strace whose texts ours were made after; others write some things differently. */
const STRACE = "6.1";

/** Where we differ from strace, and mean to: part of strace's line, and why. docs/internals/strace.md lists them. */
const DIFFERENCES: readonly (readonly [RegExp, string])[] = [
  [/^ioctl\(\d+, (TCGETS|.*TCSETS)/, "terminal settings in short"],
  [/if_nametoindex/, "interfaces by their number"],
  [/SO_(RCV|SND)TIMEO/, "times of socket options are decoded"],
  [/PTRACE_GETREGSET/, "no register sets"],
  [/^(sem|msg)get\(\w+, (\d, )?0x\d+000\)/, "strace forgets the | between flags without names and the mode"],
  [/^statx.*(0x4000|0xffffc000)/, "names newer than strace 6.1"],
  [/^io_uring_register\(99, 0x1[89] /, "names newer than strace 6.1"],
  [/^fcntl\(99, 0x40[bcde] /, "names newer than strace 6.1"],
  [/^socket\(AF_\w+, 0x4d \/\* SOCK_\?\?\? \*\/, /, "protocols of rare families"],
  [/IP6?T_SO_/, "options of netfilter's tables"],
  [/PACKET_\?\?\?/, "names newer than strace 6.1"],
];

Deno.test("calls are decoded to the text that strace writes, but for differences that are listed", async () => {
  const version = (await outputOf("strace", ["--version"]))?.match(/version (\S+)/)?.[1];
  if (version === undefined) return skip("strace is not installed");
  if (version !== STRACE) return skip(`strace ${version} is not ${STRACE}, whose texts are known`);
  if (Deno.build.arch !== "x86_64") return skip("the small tracer of this test knows x86-64's registers only");
  const directory = await Deno.makeTempDir({ prefix: "sonde_decode_" });
  try {
    const source = await Deno.readTextFile(fileURLToPath(new URL("decoded_calls.c", import.meta.url)));
    if (!await compileC(source, `${directory}/calls`, ["-w"])) return skip("gcc is not installed");
    // The same program by another name checks every bit and number of the tables.
    await Deno.copyFile(`${directory}/calls`, `${directory}/tables`);
    for (const [name, calls] of [["calls", 450], ["tables", 4800]] as const) {
      const program = `${directory}/${name}`;
      const theirs = await straced(program, `${directory}/strace`);
      const ours = inFolder(directory, (cwd) => decodeCalls(program, cwd));
      const [a, b] = [theirs, ours].map(normalized);
      assert.equal(b.length, a.length);
      assert.ok(a.length > calls, `only ${a.length} calls`);
      const different = a.map((line, i) => [line, b[i]]).filter(([x, y]) => x !== y);
      assert.deepEqual(different.filter(([x]) => !DIFFERENCES.some(([known]) => known.test(x))), []);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function straced(program: string, output: string): Promise<string[]> {
  const cwd = await Deno.makeTempDir({ prefix: "sonde_decode_" });
  try {
    await new Deno.Command("strace", { args: ["-o", output, program], cwd, stdin: "null" }).output();
    return (await Deno.readTextFile(output)).trimEnd().split("\n");
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

function inFolder<T>(near: string, run: (cwd: string) => T): T {
  const cwd = Deno.makeTempDirSync({ dir: near });
  try {
    return run(cwd);
  } finally {
    Deno.removeSync(cwd, { recursive: true });
  }
}

/** Lines of calls without what differs from run to run: addresses, numbers of processes and objects, free space. */
function normalized(lines: readonly string[]): string[] {
  const pid = lines.map((l) => l.match(/^tgkill\((\d+)|^set_tid_address.* = (\d+)/)).find((m) => m !== null);
  const own = pid?.[1] ?? pid?.[2] ?? "none";
  return lines.filter((l) => !/^(---|\+\+\+)/.test(l)).map((line) =>
    line.replace(/ +=/g, " =")
      .replace(/0x(55|56|7[ef])[0-9a-f]{10}/g, "ADDRESS")
      .replace(/ADDRESS \/\* \d+ vars/, "ADDRESS /* N vars")
      .replace(new RegExp(`\\b${own}\\b`, "g"), "PID")
      .replace(/^(((shm|sem|msg)(at|ctl|op)|semtimedop)\()\d+/, "$1ID")
      .replace(/^((shm|sem|msg)get.*= )\d+/, "$1ID")
      .replace(/^(clone.*|wait.*|getpgid.*|clone3.*) = \d+/, "$1 = PID")
      .replace(/(parent_tid=\[|P_PID, |si_pid=|^wait4\()\d+/g, "$1PID")
      .replace(/tv_usec=\d+\}, (ru_stime|\.\.\.)/g, "tv_usec=N}, $1")
      .replace(/(f_bfree|f_bavail|f_ffree)=\d+/g, "$1=N")
      .replace(/sonde_decode_\w+/g, "FOLDER")
      .replace(/(getcwd\().*/, "$1")
      .replace(/si_utime=\d+, si_stime=\d+/, "si_utime=N, si_stime=N")
  );
}
