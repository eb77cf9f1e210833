import { type CodeMapping, codeMappings } from "../core/symbols/mod.ts";
import { parseMaps } from "../core/host/parse_maps.ts";
import type { UserState } from "../core/profile/unwind/mod.ts";

/** A moment of a program as gdb saw it. */
export interface GdbMoment {
  readonly state: UserState;
  /** The program counters of the frames, leaf first, in hexadecimal. */
  readonly frames: readonly string[];
}

/** What gdb told of a program that it stepped through. */
export interface GdbRun {
  readonly mappings: readonly CodeMapping[];
  readonly moments: readonly GdbMoment[];
}

const SCRIPT = `
import gdb, json, os
gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute("set debuginfod enabled off")
gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("set backtrace limit 5000")
gdb.execute("set disable-randomization off")
for s in ("SIGUSR1", "SIGUSR2", "SIGSEGV"):
    gdb.execute("handle %s nostop noprint pass" % s)
gdb.execute("break " + os.environ["GDB_BREAK"])
gdb.execute("run")
inferior = gdb.selected_inferior()
def read_maps():
    with open("/proc/%d/maps" % inferior.pid) as f: text = f.read()
    return text, [tuple(int(a, 16) for a in line.split()[0].split("-")) for line in text.splitlines()]
maps, ranges = read_maps()
names = "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
moments = []
for i in range(int(os.environ["GDB_STEPS"])):
    frame = gdb.newest_frame()
    regs = [int(frame.read_register(n)) & (2**64 - 1) for n in names]
    sp = regs[7]
    if not any(b <= sp < e for b, e in ranges): maps, ranges = read_maps()
    end = next((e for b, e in ranges if b <= sp < e), sp)
    stack = inferior.read_memory(sp, min(end - sp, int(os.environ["GDB_STACK"]))).tobytes()
    frames = []
    while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME): frames.append("%x" % frame.pc())
        frame = frame.older()
    moments.append({"registers": ["%x" % r for r in regs], "stack": stack.hex(), "frames": frames})
    gdb.execute(os.environ["GDB_HOW"], to_string=True)
    if not gdb.selected_thread(): break
with open(os.environ["GDB_OUT"], "w") as f: json.dump({"maps": maps, "moments": moments}, f)
gdb.execute("kill")
`;

/**
 * Runs a program under gdb up to a place, and from there steps through it, instruction by instruction.
 *
 * @param command program and arguments
 * @param options.at where to begin, as gdb's `break` takes it
 * @param options.steps number of moments
 * @param options.how gdb's command between two moments. Default: `stepi`
 * @param options.stackBytes length of the copies of the stack. Default: 16384
 * @returns null when gdb is not installed
 */
export async function gdbMoments(
  command: readonly string[],
  options: { at: string; steps: number; how?: string; stackBytes?: number },
): Promise<GdbRun | null> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/steps.py`, SCRIPT);
    const { success, stderr } = await new Deno.Command("gdb", {
      args: ["-nx", "-batch", "-x", `${dir}/steps.py`, "--args", ...command],
      env: {
        GDB_BREAK: options.at,
        GDB_STEPS: String(options.steps),
        GDB_HOW: options.how ?? "stepi",
        GDB_STACK: String(options.stackBytes ?? 16384),
        GDB_OUT: `${dir}/out.json`,
      },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`gdb: ${new TextDecoder().decode(stderr)}`);
    return parseRun(await Deno.readTextFile(`${dir}/out.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !error.message.includes("out.json")) return null;
    throw error;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function parseRun(text: string): GdbRun {
  const { maps, moments }: {
    maps: string;
    moments: { registers: string[]; stack: string; frames: string[] }[];
  } = JSON.parse(text);
  return {
    mappings: codeMappings(parseMaps(maps)),
    moments: moments.map(({ registers, stack, frames }) => {
      const words = new Uint32Array(Uint8Array.fromHex(stack).buffer);
      const values = Float64Array.from(registers, (h) => Number(BigInt.asIntN(64, BigInt(`0x${h}`))));
      return { state: { registers: values, stack: words, at: 0, bytes: words.byteLength }, frames };
    }),
  };
}
