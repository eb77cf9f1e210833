/**
 * Text such as `perf script` prints, for benches: a busy machine's stacks of 12 to 40 frames of kernel and C++ functions,
 * which share their roots; of each function three places call others.
 *
 * @param size about how many bytes
 */
export function perfScriptText(size: number): Uint8Array {
  const parts: string[] = [];
  let length = 0;
  for (let n = 0; length < size; n++) {
    const sample = perfScriptSample(n);
    parts.push(sample);
    length += sample.length;
  }
  return new TextEncoder().encode(parts.join(""));
}

/** The n-th sample of such a text: one of 20,000 stacks, some of them far more often than others. */
function perfScriptSample(n: number): string {
  const stack = mix(n) % 3 === 0 ? mix(n + 1) % 20_000 : mix(n + 1) % 300;
  const depth = 12 + mix(stack) % 28;
  const pid = 1000 + mix(stack) % 40;
  const time = `${3982 + Math.floor(n / 4000)}.${String(n * 250 % 1_000_000).padStart(6, "0")}`;
  const lines = [`worker-${pid % 8} ${pid}/${pid + mix(stack) % 4} [00${n % 4}] ${time}:   10101010 cpu-clock: `];
  for (let i = 0; i < depth; i++) {
    // The root is the same for all; each third frame two more bits of the stack's number decide.
    const branch = mix((stack >>> Math.max(0, 14 - 2 * Math.floor((depth - i) / 3))) * 64 + depth - i);
    const f = branch % 1500;
    const offset = (0x10 + branch % 3 * 0x25).toString(16);
    lines.push(
      i < 8 && stack % 2 === 0
        ? `\tffffffff81${
          (f * 4096 + 0x100000).toString(16).slice(-6)
        } do_kernel_work_${f}+0x${offset} ([kernel.kallsyms])`
        : `\t    7f12${
          (f * 65536).toString(16).padStart(8, "0")
        } app::Engine::step_${f}(std::vector<int> const&, unsigned long)+0x${offset} (/usr/lib/x86_64-linux-gnu/libengine-${
          f % 7
        }.so.2.1)`,
    );
  }
  return lines.join("\n") + "\n\n";
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 13), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
}
